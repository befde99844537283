package io.millrace.server.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Clock;
import io.millrace.server.partition.PartitionId;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class WaitBoardTest {
  private static final PartitionId NOTES_0 = new PartitionId("notes~aaaaaaaa", 0);
  private long wallMillis = 1_000;

  private final WaitBoard board =
      new WaitBoard(
          new Clock() {
            @Override
            public long nanoTime() {
              return 0;
            }

            @Override
            public long wallMillis() {
              return wallMillis;
            }
          });

  @Test
  void remembersSinceWhenThroughOtherWords() {
    board.begin(NOTES_0, Reason.ELECTION, "first");
    wallMillis = 2_000;
    board.begin(NOTES_0, Reason.ELECTION, "second");
    assertThat(board.of(NOTES_0))
        .containsExactly(new Finding(Reason.ELECTION, "second", OptionalLong.of(1_000)));
    board.end(NOTES_0, Reason.ELECTION);
    assertThat(board.of(NOTES_0)).isEmpty();
    board.begin(NOTES_0, Reason.ELECTION, "third");
    assertThat(board.of(NOTES_0).get(0).sinceMillis()).hasValue(2_000);
  }

  @Test
  void keepsPartitionsReasonsAndDetailsApart() {
    board.begin(NOTES_0, Reason.ELECTION, "a");
    board.begin(NOTES_0, Reason.CANNOT_LEAD, "b");
    board.begin(new PartitionId("notes~aaaaaaaa", 1), Reason.ELECTION, "c");
    board.begin(Reason.BROKER_SUSPECTED, "2", "d");
    board.begin(Reason.BROKER_SUSPECTED, "3", "e");
    board.end(Reason.BROKER_SUSPECTED, "2");
    board.end(NOTES_0, Reason.STORE_WENT_BACK);
    assertThat(board.of(NOTES_0)).extracting(Finding::text).containsExactly("a", "b");
    assertThat(board.ofBroker()).extracting(Finding::text).containsExactly("e");
  }
}
