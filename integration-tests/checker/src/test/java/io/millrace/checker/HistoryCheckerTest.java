package io.millrace.checker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.checker.Anomaly.Kind;
import io.millrace.checker.history.BadHistoryException;
import io.millrace.checker.history.History;
import io.millrace.checker.history.HistoryText;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HistoryCheckerTest {
  private static final Expectations STRICT = Expectations.STRICT;
  private static final Expectations SUBSCRIBED = new Expectations(true, true, true, true, false, 0);
  private static final Expectations AT_LEAST_ONCE =
      new Expectations(false, false, true, true, false, 0);
  private static final Expectations RUNNING = new Expectations(true, false, true, false, false, 0);
  private static final Expectations COMMITTED = new Expectations(true, false, true, true, true, 0);
  private static final Expectations SOON = new Expectations(true, false, true, true, false, 1);

  @ParameterizedTest(name = "{0}")
  @MethodSource("guilty")
  void finds(String name, Expectations expectations, String story, List<Kind> kinds) {
    assertThat(HistoryChecker.errors(Story.of(story), expectations))
        .extracting(Anomaly::kind)
        .containsExactlyInAnyOrderElementsOf(kinds);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("innocent")
  void findsNothing(String name, Expectations expectations, String story) {
    assertThat(HistoryChecker.errors(Story.of(story), expectations)).isEmpty();
  }

  private static Arguments guilty(String name, Expectations e, String story, Kind... kinds) {
    return Arguments.of(name, e, story, List.of(kinds));
  }

  private static Arguments innocent(String name, Expectations e, String story) {
    return Arguments.of(name, e, story);
  }

  static Stream<Arguments> guilty() {
    return Stream.of(
        guilty(
            "two readers see different values at one offset",
            STRICT,
            """
            1 ok send send:a:x@0
            2 info send send:a:y
            3 ok poll read:a:x@0
            4 ok poll read:a:y@0
            """,
            Kind.INCONSISTENT_OFFSETS),
        guilty(
            "two sends are told the same offset",
            RUNNING,
            """
            1 ok send send:a:x@0
            2 ok send send:a:y@0
            3 ok poll read:a:x@0
            """,
            Kind.INCONSISTENT_OFFSETS,
            Kind.LOST_WRITE),
        guilty(
            "a value is read at another offset than its sender was told",
            STRICT,
            """
            1 ok send send:a:x@0
            2 ok poll read:a:x@1
            """,
            Kind.DUPLICATE),
        guilty(
            "a value is read twice by one reader",
            STRICT,
            """
            1 ok send send:a:x@0
            2 ok poll read:a:x@0 read:a:x@1
            """,
            Kind.DUPLICATE),
        guilty(
            "an acknowledged value is passed over",
            STRICT,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@1
            2 ok poll read:a:y@1
            """,
            Kind.LOST_WRITE),
        guilty(
            "an unknown value that one reader saw is passed over by none: an aborted poll saw it",
            STRICT,
            """
            1 ok send send:a:x@0
            2 info poll read:a:x@0
            3 ok send send:a:y@1
            4 ok poll read:a:y@1
            """,
            Kind.LOST_WRITE),
        guilty(
            "half of an unknown call was seen, so that the other half must be there",
            STRICT,
            """
            1 info txn send:a:x@0 send:b:y@0
            2 ok poll read:a:x@0
            """,
            Kind.UNSEEN),
        guilty(
            "an acknowledged value at the end is read by nobody",
            STRICT,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@1
            2 ok poll read:a:x@0
            """,
            Kind.UNSEEN),
        guilty(
            "an acknowledged value without a known offset is read by nobody",
            STRICT,
            """
            1 ok send send:a:x
            """,
            Kind.UNSEEN),
        guilty(
            "a failed send is read",
            STRICT,
            """
            1 fail send send:a:x
            2 ok poll read:a:x@0
            """,
            Kind.ABORTED_READ),
        guilty(
            "a failed send is read by a poll that fails itself",
            STRICT,
            """
            1 fail send send:a:x
            2 info poll read:a:x@0
            """,
            Kind.ABORTED_READ),
        guilty(
            "a value comes from nowhere",
            STRICT,
            """
            2 ok poll read:a:x@0
            """,
            Kind.PHANTOM),
        guilty(
            "a value turns up under another key",
            STRICT,
            """
            1 info send send:a:x
            2 ok poll read:b:x@0
            """,
            Kind.PHANTOM),
        guilty(
            "a transaction reads its own write",
            STRICT,
            """
            1 ok txn send:a:x@0 read:a:x@0
            """,
            Kind.PRECOMMITTED_READ),
        guilty(
            "a poll leaves a value out",
            STRICT,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@1
            1 ok send send:a:z@2
            2 ok poll read:a:x@0 read:a:z@2
            3 ok poll read:a:x@0 read:a:y@1 read:a:z@2
            """,
            Kind.INT_POLL_SKIP),
        guilty(
            "a poll turns back",
            STRICT,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@1
            2 ok poll read:a:y@1 read:a:x@0
            """,
            Kind.INT_NONMONOTONIC_POLL),
        guilty(
            "the next poll leaves a value out",
            STRICT,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@1
            1 ok send send:a:z@2
            2 ok poll read:a:x@0
            2 ok poll read:a:z@2
            3 ok poll read:a:x@0 read:a:y@1 read:a:z@2
            """,
            Kind.POLL_SKIP),
        guilty(
            "the next poll turns back",
            STRICT,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@1
            2 ok poll read:a:x@0 read:a:y@1
            2 ok poll read:a:x@0
            """,
            Kind.NONMONOTONIC_POLL),
        guilty(
            "a poll is given the same value again",
            STRICT,
            """
            1 ok send send:a:x@0
            2 ok poll read:a:x@0
            2 ok poll read:a:x@0
            """,
            Kind.NONMONOTONIC_POLL),
        guilty(
            "a later send of one process lands first",
            STRICT,
            """
            1 ok send send:a:x@1
            1 ok send send:a:y@0
            2 ok poll read:a:y@0 read:a:x@1
            """,
            Kind.NONMONOTONIC_SEND),
        guilty(
            "an unknown send lands behind one that came later",
            STRICT,
            """
            1 info send send:a:x
            1 ok send send:a:y@0
            2 ok poll read:a:y@0 read:a:x@1
            """,
            Kind.NONMONOTONIC_SEND),
        guilty(
            "sends of one transaction change places",
            STRICT,
            """
            1 ok txn send:a:x@1 send:a:y@0
            2 ok poll read:a:y@0 read:a:x@1
            """,
            Kind.INT_NONMONOTONIC_SEND),
        guilty(
            "two transactions read each other",
            STRICT,
            """
            1 ok txn send:a:x@0 read:b:y@0
            2 ok txn send:b:y@0 read:a:x@0
            """,
            Kind.CYCLE_WR),
        guilty(
            "three transactions read around a circle",
            STRICT,
            """
            1 ok txn send:a:x@0 read:c:z@0
            2 ok txn send:b:y@0 read:a:x@0
            3 ok txn send:c:z@0 read:b:y@0
            """,
            Kind.CYCLE_WR),
        guilty(
            "the watermark goes back in one epoch",
            STRICT,
            """
            1 ok poll seen:a:5,5,1
            1 ok poll seen:a:4,4,1
            """,
            Kind.WATERMARK_BACK),
        guilty(
            "the watermark goes back with a new leader",
            STRICT,
            """
            1 ok poll seen:a:5,5,1
            1 ok poll seen:a:4,4,2
            """,
            Kind.WATERMARK_BACK),
        guilty(
            "the last stable offset goes back",
            STRICT,
            """
            1 ok poll seen:a:5,5,1
            1 ok poll seen:a:5,3,1
            """,
            Kind.WATERMARK_BACK),
        guilty(
            "a client is told an older epoch",
            STRICT,
            """
            1 ok poll seen:a:5,5,2
            1 ok poll seen:a:6,6,1
            """,
            Kind.EPOCH_BACK),
        guilty(
            "a record at the watermark is served",
            STRICT,
            """
            1 ok send send:a:x@0
            2 ok poll read:a:x@0 seen:a:0,0,1
            """,
            Kind.SERVED_BEYOND_WATERMARK),
        guilty(
            "a reader of committed records is served an open one",
            COMMITTED,
            """
            1 ok send send:a:x@0
            2 ok poll read:a:x@0 seen:a:1,0,1
            """,
            Kind.SERVED_BEYOND_WATERMARK),
        guilty(
            "a committed offset goes back",
            STRICT,
            """
            1 ok commit commit:g:a@5
            2 ok commit commit:g:a@4
            """,
            Kind.COMMIT_BACK),
        guilty(
            "a call does not end",
            STRICT,
            """
            1 never poll
            """,
            Kind.NEVER_ENDED));
  }

  static Stream<Arguments> innocent() {
    return Stream.of(
        innocent("nothing happened", STRICT, "1 crash"),
        innocent(
            "two readers agree",
            STRICT,
            """
            1 ok send send:a:x@0
            2 ok poll read:a:x@0
            3 ok poll read:a:x@0
            """),
        innocent(
            "one offset of two keys",
            STRICT,
            """
            1 ok txn send:a:x@0 send:b:y@0
            2 ok poll read:a:x@0 read:b:y@0
            """),
        innocent(
            "a doubled value, when nothing else was promised",
            AT_LEAST_ONCE,
            """
            1 ok send send:a:x@1
            2 ok poll read:a:x@0 read:a:x@1
            """),
        innocent(
            "a doubled value does not pretend that readers passed what lies between",
            new Expectations(false, false, true, false, false, 0),
            """
            1 ok send send:a:x@2
            1 ok send send:a:y@1
            2 ok poll read:a:x@0
            3 info poll read:a:x@2
            """),
        innocent(
            "an unknown send is not there",
            STRICT,
            """
            1 info send send:a:x
            2 ok poll
            """),
        innocent(
            "an unknown send is there",
            STRICT,
            """
            1 info send send:a:x
            2 ok poll read:a:x@0
            """),
        innocent(
            "a failed send is not there",
            STRICT,
            """
            1 fail send send:a:x
            2 ok poll
            """),
        innocent(
            "the end was not read yet",
            RUNNING,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@1
            2 ok poll read:a:x@0
            """),
        innocent(
            "offsets have holes, and readers pass them",
            STRICT,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@7
            2 ok poll read:a:x@0 read:a:y@7
            """),
        innocent(
            "another reader read what this one passed after it sought",
            STRICT,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@1
            1 ok send send:a:z@2
            2 ok poll read:a:x@0
            2 ok assign moved:a
            2 ok poll read:a:z@2
            3 ok poll read:a:x@0 read:a:y@1 read:a:z@2
            """),
        innocent(
            "a reader begins again after it sought",
            STRICT,
            """
            1 ok send send:a:x@0
            2 ok poll read:a:x@0
            2 ok poll moved:a read:a:x@0
            """),
        innocent(
            "a group member's partition comes back",
            SUBSCRIBED,
            """
            1 ok send send:a:x@0
            1 ok send send:a:y@1
            2 ok poll read:a:x@0 read:a:y@1
            2 ok poll read:a:x@0
            """),
        innocent(
            "a failed poll is read again",
            STRICT,
            """
            1 ok send send:a:x@0
            2 info poll read:a:x@0
            2 ok poll read:a:x@0
            """),
        innocent(
            "sends of two processes land in any order",
            STRICT,
            """
            1 ok send send:a:x@1
            2 ok send send:a:y@0
            3 ok poll read:a:y@0 read:a:x@1
            """),
        innocent(
            "something stands between two sends of a transaction",
            STRICT,
            """
            1 ok txn send:a:x@0 send:a:z@2
            2 ok send send:a:y@1
            3 ok poll read:a:x@0 read:a:y@1 read:a:z@2
            """),
        innocent(
            "two transactions write around each other",
            STRICT,
            """
            1 ok txn send:a:x@0 send:b:u@1
            2 ok txn send:a:y@1 send:b:v@0
            3 ok poll read:a:x@0 read:a:y@1 read:b:v@0 read:b:u@1
            """),
        innocent(
            "a transaction reads another, and is not read by it",
            STRICT,
            """
            1 ok txn send:a:x@0
            2 ok txn send:b:y@0 read:a:x@0
            3 ok poll read:b:y@0
            """),
        innocent(
            "the watermark stays",
            STRICT,
            """
            1 ok poll seen:a:5,5,1
            1 ok poll seen:a:5,5,2
            """),
        innocent(
            "a new leader does not know its watermark yet",
            STRICT,
            """
            1 ok poll seen:a:5,5,1
            1 ok poll seen:a:-,-,2
            """),
        innocent(
            "two clients are told different watermarks",
            STRICT,
            """
            1 ok poll seen:a:5,5,1
            2 ok poll seen:a:4,4,1
            """),
        innocent(
            "a record below the watermark is served",
            STRICT,
            """
            1 ok send send:a:x@0
            2 ok poll read:a:x@0 seen:a:1,1,1
            """),
        innocent(
            "a commit is repeated",
            STRICT,
            """
            1 ok commit commit:g:a@5
            2 ok commit commit:g:a@5
            """),
        innocent(
            "a refused commit is lower",
            STRICT,
            """
            1 ok commit commit:g:a@5
            2 fail commit commit:g:a@4
            """),
        innocent(
            "a process crashed within a call",
            STRICT,
            """
            1 never poll
            1 crash
            """),
        innocent("a call ends in time", SOON, "1 ok poll"));
  }

  @Test
  void tellsOfACallThatEndsLate() {
    Expectations impatient = new Expectations(true, false, true, true, false, 1);
    History history =
        History.of(HistoryText.parse(List.of("0\t1\tinvoke\tpoll\t", "2\t1\tok\tpoll\t")));

    assertThat(HistoryChecker.errors(history, impatient))
        .extracting(Anomaly::kind)
        .containsExactly(Kind.LATE);
  }

  @Test
  void tellsAlsoOfWhatIsAllowedWhenAsked() {
    String story =
        """
        1 ok txn send:a:x@0 send:b:u@1
        2 ok txn send:a:y@1 send:b:v@0
        """;

    assertThat(HistoryChecker.all(Story.of(story), STRICT))
        .extracting(Anomaly::kind)
        .contains(Kind.CYCLE_WW);
  }

  @Test
  void refusesAValueThatIsSentTwice() {
    History history = Story.of("1 ok send send:a:x@0\n2 ok send send:a:x@1");

    assertThatThrownBy(() -> HistoryChecker.errors(history, STRICT))
        .isInstanceOf(BadHistoryException.class)
        .hasMessageContaining("x is sent by");
  }
}
