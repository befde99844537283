package io.millrace.server.handler;

import io.millrace.coordination.ids.ProducerIds;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProducerIdResponse;
import io.millrace.wire.v1.Response;
import java.util.Optional;

/** Gives a producer that begins an id nobody had before; an address may have so many a second. */
final class ProducerIdHandler {
  private final ProducerIds ids;
  private final ChangeQuota quota;

  ProducerIdHandler(ProducerIds ids, ChangeQuota quota) {
    this.ids = ids;
    this.quota = quota;
  }

  void handle(InboundRequest request) {
    Optional<Refusal> tooMuch = quota.take(request.remote(), 1);
    if (tooMuch.isPresent()) {
      request.refuse(tooMuch.get().code(), tooMuch.get().message());
      return;
    }
    LateAnswer answer =
        new LateAnswer(
            request,
            new Refusal(
                ErrorCode.UNAVAILABLE,
                "no producer id could be had: ZooKeeper did not answer in time; retry"));
    ids.next()
        .whenComplete(
            (outcome, bug) -> {
              if (bug != null) {
                answer.failed(bug);
              } else if (outcome instanceof ProducerIds.IdOutcome.Given given) {
                answer.answer(
                    Response.newBuilder()
                        .setProducerId(
                            ProducerIdResponse.newBuilder()
                                .setProducerId(given.id())
                                .setProducerEpoch(0)));
              } else if (outcome instanceof ProducerIds.IdOutcome.Unavailable unavailable) {
                answer.refuse(
                    new Refusal(
                        ErrorCode.UNAVAILABLE,
                        "no producer id is left here, and ZooKeeper gave no others, retry: "
                            + unavailable.why()
                            + ". Producers that have begun go on; new ones can begin once ZooKeeper"
                            + " answers"));
              }
            });
  }
}
