package io.millrace.server.handler;

import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.cluster.Leaderships;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.DrainBrokerRequest;
import io.millrace.wire.v1.DrainBrokerResponse;
import io.millrace.wire.v1.DrainLeftover;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.function.Supplier;

/** Hands over everything this broker leads, or ends that. */
final class DrainBrokerHandler {
  private final Supplier<Catalog> catalog;
  private final Leaderships leaderships;

  DrainBrokerHandler(Supplier<Catalog> catalog, Leaderships leaderships) {
    this.catalog = catalog;
    this.leaderships = leaderships;
  }

  void handle(InboundRequest request) {
    DrainBrokerRequest drain = request.head().getDrainBroker();
    int self = catalog.get().self();
    if (drain.getBrokerId() != self) {
      request.refuse(
          ErrorCode.INVALID_REQUEST,
          "this is broker "
              + self
              + ", not "
              + Integer.toUnsignedString(drain.getBrokerId())
              + ": only a broker itself can hand its leaderships over");
      return;
    }
    if (drain.getCancel()) {
      leaderships.cancelDrain();
      request.answer(
          Response.newBuilder().setDrainBroker(DrainBrokerResponse.getDefaultInstance()),
          List.of());
      return;
    }
    LateAnswer answer =
        new LateAnswer(
            request,
            new Refusal(
                ErrorCode.OUTCOME_UNKNOWN,
                "the broker is draining, and some partitions are still on their way"));
    leaderships
        .drain("broker " + self + " is drained, by command")
        .whenComplete(
            (drained, bug) -> {
              if (bug != null) {
                answer.failed(bug);
              } else {
                answer.answer(Response.newBuilder().setDrainBroker(response(drained)));
              }
            });
  }

  private DrainBrokerResponse.Builder response(Leaderships.Drained drained) {
    DrainBrokerResponse.Builder response =
        DrainBrokerResponse.newBuilder().setHandedOver(drained.handedOver());
    for (Leaderships.Leftover left : drained.left()) {
      response.addLeft(
          DrainLeftover.newBuilder()
              .setTopic(
                  catalog
                      .get()
                      .topic(left.id().topicId())
                      .map(TopicImage::name)
                      .orElse(left.id().topicId()))
              .setPartition(left.id().partition())
              .setWhy(left.why()));
    }
    return response;
  }
}
