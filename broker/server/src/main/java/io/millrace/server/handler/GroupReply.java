package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Hands a coordinator's answer to whoever asked.
 *
 * @param response made of the leader epoch and the answer, on the coordinator's loop
 */
record GroupReply<A>(InboundRequest request, BiFunction<Integer, A, Response.Builder> response)
    implements Coordinators.Reply<A> {
  @Override
  public void answer(int leaderEpoch, A answer) {
    request.answer(response.apply(leaderEpoch, answer), List.of());
  }

  @Override
  public void refuse(Refusal why) {
    refuse(request, why);
  }

  /** With whom to ask instead, where that is known. */
  static void refuse(InboundRequest request, Refusal why) {
    request.answer(Response.newBuilder().setError(why.toError()), List.of());
  }
}
