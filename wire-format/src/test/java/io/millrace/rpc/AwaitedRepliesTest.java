package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AwaitedRepliesTest {
  private static AwaitedReply reply(long id, long size) {
    return new AwaitedReply(written -> {}, id, 12, size, 0, reply -> {});
  }

  @Test
  void findsEachRequestOnceUnderItsOwnIdAndGivesNoIdTwice() {
    int most = 100;
    AwaitedReplies replies = new AwaitedReplies(most);
    Random random = new Random(1);
    List<AwaitedReply> waiting = new ArrayList<>();
    Set<Long> ids = new HashSet<>();
    long bytes = 0;
    for (int i = 0; i < 100_000; i++) {
      if (waiting.size() < most && (waiting.isEmpty() || random.nextInt(100) < 60)) {
        AwaitedReply reply = reply(replies.newId(), random.nextInt(1_000));
        assertThat(ids.add(reply.correlationId)).isTrue();
        replies.add(reply);
        waiting.add(reply);
        bytes += reply.size;
      } else {
        // The oldest mostly stays, like a fetch that waits for long.
        int which = waiting.size() == 1 ? 0 : 1 + random.nextInt(waiting.size() - 1);
        AwaitedReply reply = waiting.remove(which);
        assertThat(replies.remove(reply.correlationId)).isSameAs(reply);
        assertThat(replies.remove(reply.correlationId)).isNull();
        bytes -= reply.size;
      }
      assertThat(replies.count()).isEqualTo(waiting.size());
      assertThat(replies.bytes()).isEqualTo(bytes);
    }
    assertThat(replies.all()).containsExactlyElementsOf(waiting);
  }

  @Test
  void b11_knowsNoIdThatWasNotGiven() {
    AwaitedReplies replies = new AwaitedReplies(4);
    AwaitedReply reply = reply(replies.newId(), 1);
    replies.add(reply);
    assertThat(replies.remove(0)).isNull();
    assertThat(replies.remove(-1)).isNull();
    assertThat(replies.remove(Long.MIN_VALUE)).isNull();
    assertThat(replies.remove(reply.correlationId + 16)).as("the same place").isNull();
    assertThat(replies.remove(reply.correlationId + (1L << 32))).isNull();
    assertThat(replies.count()).isEqualTo(1);
  }
}
