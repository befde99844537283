package io.millrace.server.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.replica.EpochLookup;
import io.millrace.server.replica.FollowerReplica;
import io.millrace.server.replica.FollowerStep;
import io.millrace.storage.log.EpochEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What leader and follower say to each other, against the naive way to bring two logs into line: to
 * look at both of them whole.
 */
class FollowerAgainstLogsTest {
  private static final int HISTORIES_PER_SEED = 1_500;

  /** The epoch of the record at each offset. */
  private record Epochs(List<Integer> of) {
    Epochs() {
      this(new ArrayList<>());
    }

    int end() {
      return of.size();
    }

    int last() {
      return of.isEmpty() ? -1 : of.get(end() - 1);
    }

    void cut(long to) {
      of.subList((int) to, end()).clear();
    }

    /** Looked up record by record. */
    EpochEnd endOf(int epoch) {
      int largest = -1;
      for (int each : of) {
        if (each <= epoch) {
          largest = Math.max(largest, each);
        }
      }
      int end = -1;
      for (int i = 0; i < end(); i++) {
        if (of.get(i) == largest) {
          end = i + 1;
        }
      }
      return new EpochEnd(largest, end);
    }

    int common(Epochs other) {
      int same = 0;
      while (same < Math.min(end(), other.end()) && of.get(same).equals(other.of.get(same))) {
        same++;
      }
      return same;
    }

    FollowerReplica.Log asLog() {
      return new FollowerReplica.Log(
          0,
          end(),
          last(),
          wanted -> {
            EpochEnd found = endOf(wanted);
            return new EpochLookup.End(
                found.isKnown() ? found.epoch() : EpochLookup.End.NONE, found.endOffset());
          });
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  @DisplayName("4.4: cuts exactly what the leader does not have, within a round for each epoch")
  void cutsWhatComparingTheWholeLogsWouldCut(long seed) {
    Random random = new Random(seed);
    int cuts = 0;
    for (int history = 0; history < HISTORIES_PER_SEED; history++) {
      List<Epochs> logs = history(random);
      Epochs leader = logs.get(0);
      Epochs follower = logs.get(1);
      int common = leader.common(follower);
      cuts += common < follower.end() ? 1 : 0;
      Set<Integer> epochs = new TreeSet<>(follower.of());
      String both = leader + " leads " + follower;
      int rounds = converge(leader, follower);
      assertThat(follower.end()).describedAs(both).isEqualTo(common);
      assertThat(rounds).describedAs(both).isLessThanOrEqualTo(epochs.size() + 1);
    }
    assertThat(cuts).describedAs("histories that part").isGreaterThan(HISTORIES_PER_SEED / 5);
  }

  /** Fetches until nothing diverges; returns how many. */
  private static int converge(Epochs leader, Epochs follower) {
    FollowerReplica replica = new FollowerReplica(0);
    for (int round = 1; round < 50; round++) {
      int claimed = replica.claimedEpoch(follower.asLog()).orElse(-1);
      var parted =
          claimed < 0
              ? java.util.Optional.<DivergenceRules.Divergence>empty()
              : DivergenceRules.checkReplica(follower.end(), claimed, leader.endOf(claimed), 0);
      if (parted.isEmpty()) {
        assertThat(follower.end()).isLessThanOrEqualTo(leader.end());
        return round;
      }
      FollowerStep step =
          replica.onDiverging(follower.asLog(), parted.get().epoch(), parted.get().endOffset(), 0);
      if (step instanceof FollowerStep.Truncate cut) {
        assertThat(cut.to()).isLessThan(follower.end());
        follower.cut(cut.to());
      } else if (step instanceof FollowerStep.StartOver over) {
        assertThat(over.at()).isZero();
        follower.cut(0);
      } else {
        throw new AssertionError(leader + " leads " + follower + ": " + step);
      }
      replica.onCut(follower.end());
    }
    throw new AssertionError(leader + " and " + follower + " do not agree");
  }

  /**
   * Logs as elections make them: in each epoch somebody leads and appends, and whoever follows
   * first cuts what the leader has not, and then copies as far as it comes.
   */
  private static List<Epochs> history(Random random) {
    List<Epochs> logs = List.of(new Epochs(), new Epochs(), new Epochs());
    int epochs = 1 + random.nextInt(8);
    for (int epoch = 1; epoch <= epochs; epoch++) {
      int leader = random.nextInt(3);
      Epochs leads = logs.get(leader);
      for (int i = random.nextInt(4); i > 0; i--) {
        leads.of().add(epoch);
      }
      for (int i = 0; i < 3; i++) {
        Epochs each = logs.get(i);
        if (i != leader && random.nextBoolean()) {
          each.cut(each.common(leads));
          int upTo = each.end() + random.nextInt(leads.end() - each.end() + 1);
          for (int at = each.end(); at < upTo; at++) {
            each.of().add(leads.of().get(at));
          }
        }
      }
    }
    return logs;
  }
}
