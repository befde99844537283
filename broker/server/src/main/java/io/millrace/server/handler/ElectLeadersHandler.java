package io.millrace.server.handler;

import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.cluster.ElectionRequests;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ElectLeadersRequest;
import io.millrace.wire.v1.ElectLeadersResponse;
import io.millrace.wire.v1.ElectionKind;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Response;
import java.util.Collection;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Elects other leaders for a topic's partitions: the preferred ones, or any at all. */
final class ElectLeadersHandler {
  private final Supplier<Catalog> catalog;
  private final ElectionRequests elections;

  ElectLeadersHandler(Supplier<Catalog> catalog, ElectionRequests elections) {
    this.catalog = catalog;
    this.elections = elections;
  }

  /**
   * @param ofBroker it came by the listener of brokers: a broker asks the leader
   */
  void handle(InboundRequest request, boolean ofBroker) {
    ElectLeadersRequest wanted = request.head().getElectLeaders();
    TopicImage topic = catalog.get().image().topics().get(wanted.getTopic());
    Optional<Refusal> refusal = check(wanted, topic);
    if (refusal.isPresent() || topic == null) {
      Refusal why = refusal.orElseGet(() -> unknown(wanted.getTopic()));
      request.refuse(why.code(), why.message());
      return;
    }
    Collection<Integer> partitions =
        wanted.getPartitionsCount() == 0
            ? IntStream.range(0, topic.partitionCount()).boxed().toList()
            : new TreeSet<>(wanted.getPartitionsList());
    LateAnswer answer =
        new LateAnswer(
            request,
            new Refusal(
                ErrorCode.OUTCOME_UNKNOWN,
                "leaders may have been elected: not all brokers answered in time"));
    elections
        .elect(topic, partitions, wanted.getKind(), ofBroker)
        .whenComplete(
            (results, bug) -> {
              if (bug != null) {
                answer.failed(bug);
              } else {
                answer.answer(
                    Response.newBuilder()
                        .setElectLeaders(ElectLeadersResponse.newBuilder().addAllResults(results)));
              }
            });
  }

  private static Optional<Refusal> check(ElectLeadersRequest wanted, @Nullable TopicImage topic) {
    if (wanted.getKind() != ElectionKind.PREFERRED && wanted.getKind() != ElectionKind.UNCLEAN) {
      return Optional.of(
          new Refusal(ErrorCode.INVALID_REQUEST, "the kind of election is not one that is known"));
    }
    if (topic == null || topic.deleting()) {
      return Optional.of(unknown(wanted.getTopic()));
    }
    return wanted.getPartitionsList().stream()
        .filter(number -> number < 0 || number >= topic.partitionCount())
        .findFirst()
        .map(
            number ->
                new Refusal(
                    ErrorCode.UNKNOWN_PARTITION,
                    "topic "
                        + topic.name()
                        + " has partitions 0 to "
                        + (topic.partitionCount() - 1)
                        + ", not "
                        + Integer.toUnsignedString(number)));
  }

  private static Refusal unknown(String topic) {
    return new Refusal(ErrorCode.UNKNOWN_TOPIC, "there is no topic " + topic);
  }
}
