package io.millrace.checker.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.Step;
import io.millrace.checker.log.LogProblem.Kind;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("semantics 4.10: replicas of a log that keeps the latest of each key")
class CompactedLogsTest {
  /** What was written, before anybody compacts. */
  private static ReplicaLog whole(String name) {
    return log(
        name,
        batch(0, 2, 1).put(0, "a", "1").put(1, "b", "1").put(2, "a", "2"),
        batch(3, 4, 2).delete(3, "b").put(4, "c", "1"),
        batch(5, 5, 2).put(5, "d", "1"));
  }

  @Test
  void findsNothingWhereOneHasCompactedAndTheOtherHasNot() {
    ReplicaLog compacted =
        log(
            "two",
            batch(0, 2, 1).put(2, "a", "2"),
            batch(3, 4, 2).delete(3, "b").put(4, "c", "1"),
            batch(5, 5, 2).put(5, "d", "1"));

    assertThat(CompactedLogs.compare(List.of(whole("one"), compacted), 6)).isEmpty();
    assertThat(CompactedLogs.superseded(whole("one"), 6)).isEqualTo(2);
    assertThat(CompactedLogs.superseded(compacted, 6)).isZero();
    assertThat(CompactedLogs.state(compacted)).isEqualTo(Map.of("a", "2", "c", "1", "d", "1"));
  }

  @Test
  void allowsADeletionToGoWithAllThatItDeleted() {
    ReplicaLog without =
        log(
            "two",
            batch(0, 2, 1).put(2, "a", "2"),
            batch(3, 4, 2).put(4, "c", "1"),
            batch(5, 5, 2).put(5, "d", "1"));

    assertThat(CompactedLogs.compare(List.of(whole("one"), without), 6)).isEmpty();
  }

  @Test
  void allowsBatchesToBecomeOneEmptyOne() {
    ReplicaLog one =
        log(
            "one",
            batch(0, 0, 1).put(0, "a", "1"),
            batch(1, 1, 1).put(1, "a", "2"),
            batch(2, 2, 1).put(2, "a", "3"));
    ReplicaLog two = log("two", batch(0, 1, 1), batch(2, 2, 1).put(2, "a", "3"));

    assertThat(CompactedLogs.compare(List.of(one, two), 3)).isEmpty();
  }

  @Test
  void findsADeletedKeyThatIsBack() {
    ReplicaLog back =
        log(
            "two",
            batch(0, 2, 1).put(1, "b", "1").put(2, "a", "2"),
            batch(3, 4, 2).put(4, "c", "1"),
            batch(5, 5, 2).put(5, "d", "1"));

    assertThat(kinds(CompactedLogs.compare(List.of(whole("one"), back), 6)))
        .containsExactly(Kind.RETURNED);
  }

  @Test
  void findsALatestRecordThatHasGone() {
    ReplicaLog older =
        log(
            "two",
            batch(0, 2, 1).put(0, "a", "1"),
            batch(3, 4, 2).delete(3, "b").put(4, "c", "1"),
            batch(5, 5, 2).put(5, "d", "1"));
    ReplicaLog without =
        log(
            "three",
            batch(0, 2, 1).put(2, "a", "2"),
            batch(3, 4, 2).delete(3, "b"),
            batch(5, 5, 2).put(5, "d", "1"));

    assertThat(kinds(CompactedLogs.compare(List.of(whole("one"), older), 6)))
        .containsExactly(Kind.LATEST_GONE);
    assertThat(kinds(CompactedLogs.compare(List.of(whole("one"), without), 6)))
        .containsExactly(Kind.LATEST_GONE);
  }

  @Test
  void looksOnlyBelowTheWatermark() {
    ReplicaLog shorter = log("two", batch(0, 2, 1).put(2, "a", "2"));

    assertThat(CompactedLogs.compare(List.of(whole("one"), shorter), 3)).isEmpty();
    assertThat(kinds(CompactedLogs.compare(List.of(whole("one"), shorter), 6)))
        .contains(Kind.SHORT);
  }

  @Test
  void findsAnotherRecordAtAnOffset() {
    ReplicaLog other =
        log(
            "two",
            batch(0, 2, 1).put(0, "a", "1").put(1, "b", "1").put(2, "a", "x"),
            batch(3, 4, 2).delete(3, "b").put(4, "c", "1"),
            batch(5, 5, 2).put(5, "d", "1"));

    assertThat(kinds(CompactedLogs.compare(List.of(whole("one"), other), 6)))
        .containsOnly(Kind.DIFFERENT);
  }

  @Test
  void findsAnotherEpochAtAnOffset() {
    ReplicaLog other =
        log(
            "two",
            batch(0, 4, 1).put(2, "a", "2").put(4, "c", "1"),
            batch(5, 5, 2).put(5, "d", "1"));

    assertThat(kinds(CompactedLogs.compare(List.of(whole("one"), other), 6)))
        .contains(Kind.DIFFERENT);
  }

  @Test
  void findsAHoleBetweenBatchesAndRecordsOutOfOrder() {
    assertThat(kinds(log("hole", batch(0, 0, 1), batch(2, 2, 1)).problems()))
        .containsExactly(Kind.GAP);
    assertThat(kinds(log("twice", batch(0, 2, 1).put(2, "a", "1").put(1, "a", "2")).problems()))
        .containsExactly(Kind.OVERLAP);
    assertThat(kinds(log("beyond", batch(0, 1, 1).put(2, "a", "1")).problems()))
        .containsExactly(Kind.OVERLAP);
  }

  // ---- What producers were told ----------------------------------------------------------------

  @Test
  void findsNothingWhereEachKeyIsAsItWasWrittenLast() {
    List<KeyedWrite> writes =
        List.of(
            ok("a", "1", 0),
            ok("b", "1", 1),
            ok("a", "2", 2),
            deleted("b", 3),
            ok("c", "1", 4),
            ok("d", "1", 5));

    assertThat(CompactedLogs.kept(List.of(whole("one")), writes)).isEmpty();
  }

  @Test
  void allowsEverythingThatAnUnknownOutcomeMayHaveDone() {
    List<KeyedWrite> written =
        List.of(ok("a", "1", 0), info("a", "2"), ok("b", "1", 1), info("b", null));
    assertThat(
            CompactedLogs.kept(
                List.of(log("in", batch(0, 1, 1).put(0, "a", "1").put(1, "b", "1"))), written))
        .isEmpty();
    assertThat(
            CompactedLogs.kept(
                List.of(log("both", batch(0, 3, 1).put(2, "a", "2").delete(3, "b"))), written))
        .isEmpty();
    assertThat(CompactedLogs.kept(List.of(log("gone", batch(0, 3, 1).put(2, "a", "2"))), written))
        .isEmpty();
  }

  @Test
  void findsAnAcknowledgedKeyThatIsNotThere() {
    assertThat(
            kinds(
                CompactedLogs.kept(List.of(log("one", batch(0, 1, 1))), List.of(ok("a", "1", 0)))))
        .containsExactly(Kind.LATEST_GONE);
    assertThat(
            kinds(
                CompactedLogs.kept(
                    List.of(log("one", batch(0, 1, 1).delete(1, "a"))), List.of(ok("a", "1", 0)))))
        .containsExactly(Kind.LATEST_GONE);
  }

  @Test
  void findsAnOlderValueThatIsTheLatest() {
    ReplicaLog log = log("one", batch(0, 1, 1).put(0, "a", "1"));

    assertThat(kinds(CompactedLogs.kept(List.of(log), List.of(ok("a", "1", 0), deleted("a", 1)))))
        .containsExactly(Kind.RETURNED);
    assertThat(kinds(CompactedLogs.kept(List.of(log), List.of(ok("a", "1", 0), ok("a", "2", 1)))))
        .containsExactly(Kind.RETURNED);
  }

  @Test
  void findsWhatNobodyWroteAndWhatWasReportedAsFailed() {
    ReplicaLog log = log("one", batch(0, 1, 1).put(0, "a", "1").put(1, "a", "2"));
    KeyedWrite failed = new KeyedWrite("a", Optional.of("2"), Step.UNKNOWN, Phase.FAIL);

    assertThat(kinds(CompactedLogs.kept(List.of(log), List.of(ok("a", "1", 0)))))
        .contains(Kind.DIFFERENT);
    assertThat(kinds(CompactedLogs.kept(List.of(log), List.of(ok("a", "1", 0), failed))))
        .contains(Kind.RETURNED, Kind.DIFFERENT)
        .doesNotContain(Kind.LATEST_GONE);
  }

  @Test
  void findsAnotherRecordAtAnAcknowledgedOffset() {
    ReplicaLog log = log("one", batch(0, 1, 1).put(0, "b", "2").put(1, "a", "1"));

    assertThat(kinds(CompactedLogs.kept(List.of(log), List.of(ok("a", "1", 0), ok("b", "2", 1)))))
        .contains(Kind.NOT_THERE);
  }

  // ---- Mutations -------------------------------------------------------------------------------

  @Test
  @DisplayName("every mutation of compacted logs is found, and no clean pair is accused (3.5)")
  void findsEveryMutation() {
    for (int seed = 1; seed <= 300; seed++) {
      Random random = new Random(seed);
      Written written = Written.of(random);
      List<ReplicaLog> clean =
          List.of(written.replica("one", random, null), written.replica("two", random, null));
      long end = written.values.size();
      assertThat(CompactedLogs.compare(clean, end)).as("seed " + seed).isEmpty();
      assertThat(CompactedLogs.kept(clean, written.writes())).as("seed " + seed).isEmpty();

      for (Mutation mutation : Mutation.values()) {
        ReplicaLog mutated = written.replica("mutated", random, mutation);
        if (written.hasMutated) {
          List<LogProblem> problems =
              new ArrayList<>(CompactedLogs.compare(List.of(clean.get(0), mutated), end));
          problems.addAll(CompactedLogs.kept(List.of(mutated), written.writes()));
          assertThat(problems).as("seed " + seed + ", " + mutation).isNotEmpty();
        }
      }
    }
  }

  private enum Mutation {
    DROP_LATEST,
    RETURN_DELETED,
    CHANGE_VALUE,
    SWAP_KEYS
  }

  /** One record a batch, so that each is what it is by its offset. */
  private static final class Written {
    final List<String> keys = new ArrayList<>();
    final List<Optional<String>> values = new ArrayList<>();
    final Map<String, Integer> latest = new HashMap<>();
    boolean hasMutated;

    static Written of(Random random) {
      Written written = new Written();
      int count = 10 + random.nextInt(30);
      for (int i = 0; i < count; i++) {
        String key = "k" + random.nextInt(5);
        written.keys.add(key);
        written.values.add(random.nextInt(4) == 0 ? Optional.empty() : Optional.of("v" + i));
        written.latest.put(key, i);
      }
      return written;
    }

    List<KeyedWrite> writes() {
      List<KeyedWrite> writes = new ArrayList<>();
      for (int i = 0; i < keys.size(); i++) {
        writes.add(new KeyedWrite(keys.get(i), values.get(i), i, Phase.OK));
      }
      return writes;
    }

    /** Compacted up to some offset; deletions before it are left or gone. */
    ReplicaLog replica(String name, Random random, @Nullable Mutation mutation) {
      hasMutated = false;
      int to = random.nextInt(keys.size() + 1);
      boolean keepsDeletions = random.nextBoolean();
      List<StoredBatchBytes> batches = new ArrayList<>();
      for (int i = 0; i < keys.size(); i++) {
        StoredBatchBytes batch = batch(i, i, 1);
        boolean isLatestThere = isLatestBelow(i, Math.max(to, i + 1));
        boolean isKept = i >= to || isLatestThere;
        boolean isDeletion = values.get(i).isEmpty();
        if (isDeletion && i < to) {
          isKept &= keepsDeletions || !isLatest(i);
        }
        String key = keys.get(i);
        Optional<String> value = values.get(i);
        if (mutation == Mutation.DROP_LATEST && isLatest(i) && !isDeletion && !hasMutated) {
          isKept = false;
          hasMutated = true;
        } else if (mutation == Mutation.CHANGE_VALUE && isKept && !isDeletion && !hasMutated) {
          value = Optional.of("w");
          hasMutated = true;
        } else if (mutation == Mutation.SWAP_KEYS && isKept && !isDeletion && !hasMutated) {
          key = key + "x";
          hasMutated = true;
        } else if (mutation == Mutation.RETURN_DELETED && !hasMutated && isDeletedForGood(i)) {
          batches.add(batch); // the deletion and all that it deleted are gone, but for one
          hasMutated = true;
          continue;
        }
        if (isKept && value.isPresent()) {
          batch.put(i, key, value.get());
        } else if (isKept) {
          batch.delete(i, key);
        }
        batches.add(batch);
      }
      if (mutation == Mutation.RETURN_DELETED) {
        hasMutated &= comesBack(batches);
      }
      return log(name, batches.toArray(StoredBatchBytes[]::new));
    }

    private boolean isLatestBelow(int i, int below) {
      return !keys.subList(i + 1, Math.max(i + 1, below)).contains(keys.get(i));
    }

    private boolean isLatest(int i) {
      return Integer.valueOf(i).equals(latest.get(keys.get(i)));
    }

    private boolean isDeletedForGood(int i) {
      return values.get(i).isEmpty() && isLatest(i) && keys.subList(0, i).contains(keys.get(i));
    }

    /** Whether something with a value is there of a key that is deleted. */
    private boolean comesBack(List<StoredBatchBytes> batches) {
      Map<String, String> state =
          CompactedLogs.state(log("", batches.toArray(StoredBatchBytes[]::new)));
      return latest.entrySet().stream()
          .anyMatch(
              each -> values.get(each.getValue()).isEmpty() && state.containsKey(each.getKey()));
    }
  }

  // ---- Helpers ---------------------------------------------------------------------------------

  private static KeyedWrite ok(String key, String value, long offset) {
    return new KeyedWrite(key, Optional.of(value), offset, Phase.OK);
  }

  private static KeyedWrite deleted(String key, long offset) {
    return new KeyedWrite(key, Optional.empty(), offset, Phase.OK);
  }

  private static KeyedWrite info(String key, @Nullable String value) {
    return new KeyedWrite(key, Optional.ofNullable(value), Step.UNKNOWN, Phase.INFO);
  }

  private static List<Kind> kinds(List<LogProblem> problems) {
    return problems.stream().map(LogProblem::kind).toList();
  }

  private static StoredBatchBytes batch(long baseOffset, long lastOffset, int epoch) {
    return new StoredBatchBytes(baseOffset, lastOffset, epoch);
  }

  private static ReplicaLog log(String name, StoredBatchBytes... batches) {
    ByteArrayOutputStream segment = new ByteArrayOutputStream();
    for (StoredBatchBytes batch : batches) {
      segment.writeBytes(batch.bytes());
    }
    return ReplicaLog.of(
        name, new TreeMap<>(Map.of("00000000000000000000.log", segment.toByteArray())));
  }
}
