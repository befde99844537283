package io.millrace.checker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.millrace.checker.Anomaly.Kind;
import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.History;
import io.millrace.checker.history.Operation;
import io.millrace.checker.history.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Holds the checker against a slow one that knows nothing but the promise: it tries every log there
 * could have been, and a history is innocent when one of them explains all that clients were told.
 */
class BruteForceTest {
  private static final int HISTORIES = 20_000;
  private static final int VALUES = 3;
  private static final int OFFSETS = 4;
  private static final String KEY = "k";

  /** The rules that are about what is in the log; the others are about who is told when. */
  private static final Set<Kind> ABOUT_THE_LOG =
      EnumSet.of(
          Kind.INCONSISTENT_OFFSETS,
          Kind.DUPLICATE,
          Kind.LOST_WRITE,
          Kind.UNSEEN,
          Kind.ABORTED_READ,
          Kind.PHANTOM);

  @Test
  void agreesWithTryingEveryLogOnTinyHistories() {
    int guilty = 0;
    for (int seed = 0; seed < HISTORIES; seed++) {
      List<Operation> operations = random(new Random(seed));
      boolean explained = explained(operations);
      boolean innocent =
          HistoryChecker.all(new History(operations, Set.of()), Expectations.STRICT).stream()
              .noneMatch(anomaly -> ABOUT_THE_LOG.contains(anomaly.kind()));

      if (innocent != explained) {
        fail("seed %d: explained %s, found innocent %s: %s", seed, explained, innocent, operations);
      }
      guilty += explained ? 0 : 1;
    }
    assertThat(guilty).as("both kinds occur").isBetween(HISTORIES / 10, HISTORIES * 9 / 10);
  }

  /** Anything goes: a few sends, then one reader who claims to have read all there is. */
  private static List<Operation> random(Random random) {
    List<Operation> operations = new ArrayList<>();
    long[] log = new long[OFFSETS];
    Arrays.fill(log, -1);
    for (int value = 0; value < VALUES; value++) {
      Phase outcome = List.of(Phase.OK, Phase.OK, Phase.INFO, Phase.FAIL).get(random.nextInt(4));
      int offset = random.nextInt(OFFSETS);
      boolean lie = random.nextInt(12) == 0;
      if (log[offset] < 0 && (outcome != Phase.FAIL || lie)) {
        log[offset] = value;
      } else if (outcome == Phase.OK && !lie) {
        outcome = Phase.FAIL;
      }
      boolean told = outcome == Phase.OK && random.nextInt(4) > 0;
      operations.add(
          operation(
              operations.size(),
              Call.SEND,
              outcome,
              List.of(new Step.Send(KEY, "v" + value, told ? offset : Step.UNKNOWN))));
    }
    List<Step> reads = new ArrayList<>();
    for (int offset = 0; offset < OFFSETS; offset++) {
      boolean lie = random.nextInt(12) == 0;
      if (log[offset] >= 0 && !lie) {
        reads.add(new Step.Read(KEY, "v" + log[offset], offset));
      } else if (lie && random.nextBoolean()) {
        reads.add(new Step.Read(KEY, "v" + random.nextInt(VALUES), offset));
      }
    }
    operations.add(operation(operations.size(), Call.POLL, Phase.OK, reads));
    return operations;
  }

  private static Operation operation(int number, Call call, Phase outcome, List<Step> steps) {
    return new Operation(number, number, call, outcome, number * 2L, number * 2L + 1, steps);
  }

  /** Whether some placing of the values, each at one offset or nowhere, agrees with everybody. */
  private static boolean explained(List<Operation> operations) {
    return place(new @Nullable String[OFFSETS], 0, operations);
  }

  private static boolean place(@Nullable String[] log, int value, List<Operation> operations) {
    if (value == VALUES) {
      return agrees(log, operations);
    }
    if (place(log, value + 1, operations)) {
      return true;
    }
    for (int offset = 0; offset < OFFSETS; offset++) {
      if (log[offset] == null) {
        log[offset] = "v" + value;
        boolean found = place(log, value + 1, operations);
        log[offset] = null;
        if (found) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean agrees(@Nullable String[] log, List<Operation> operations) {
    List<@Nullable String> values = Arrays.asList(log);
    for (Operation operation : operations) {
      for (Step.Send send : operation.sends().toList()) {
        int at = values.indexOf(send.value());
        boolean right =
            switch (operation.outcome()) {
              case FAIL -> at < 0;
              case OK -> at >= 0 && (send.offset() == Step.UNKNOWN || send.offset() == at);
              default -> true;
            };
        if (!right) {
          return false;
        }
      }
    }
    // The reader read everything, and nothing else.
    List<Step.Read> reads = operations.stream().flatMap(Operation::reads).toList();
    long placed = values.stream().filter(v -> v != null).count();
    return reads.size() == placed
        && reads.stream().allMatch(read -> read.value().equals(log[(int) read.offset()]));
  }
}
