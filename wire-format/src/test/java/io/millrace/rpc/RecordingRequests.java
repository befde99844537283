package io.millrace.rpc;

import io.millrace.wire.v1.ListTopicsResponse;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Keeps the requests for the test to answer, or answers them at once. */
final class RecordingRequests implements RequestHandler {
  final List<InboundRequest> requests = new CopyOnWriteArrayList<>();

  /** When set, handles in place of keeping. */
  volatile @Nullable RequestHandler instead;

  @Override
  public void handle(InboundRequest request) {
    RequestHandler other = instead;
    requests.add(request);
    if (other != null) {
      other.handle(request);
    }
  }

  InboundRequest get(int index) {
    return requests.get(index);
  }

  int count() {
    return requests.size();
  }

  static void answer(InboundRequest request) {
    request.answer(
        Response.newBuilder().setListTopics(ListTopicsResponse.getDefaultInstance()), List.of());
  }

  /** On the request's loop, as most handlers do. */
  static void answerOnLoop(InboundRequest request) {
    request.loop().execute(() -> answer(request));
  }
}
