package io.millrace.checker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.History;
import io.millrace.checker.history.HistoryText;
import io.millrace.checker.history.Operation;
import io.millrace.checker.history.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clean histories are let pass, and each kind of damage to them is found every time. */
class MutationTest {
  private static final int HISTORIES = 60;
  private static final int CALLS = 150;

  /** What a broken broker might do to a record that readers should see. */
  enum Damage {
    DROP_AN_ACKNOWLEDGED_RECORD {
      @Override
      List<Operation> on(List<Operation> clean, Random random) {
        String victim = anyOf(acknowledged(clean), random);
        return without(clean, victim);
      }
    },
    /** One of them acknowledged: who was told nothing cannot tell two places from each other. */
    SWAP_TWO_RECORDS {
      @Override
      List<Operation> on(List<Operation> clean, Random random) {
        List<String> acknowledged = acknowledged(clean);
        Step.Read one =
            anyOf(
                laterReads(clean).stream().filter(r -> acknowledged.contains(r.value())).toList(),
                random);
        Step.Read other =
            clean.stream()
                .flatMap(Operation::reads)
                .filter(r -> r.key().equals(one.key()) && r.offset() == one.offset() - 1)
                .findFirst()
                .orElseThrow();
        return reads(
            clean,
            read ->
                read.value().equals(one.value())
                    ? new Step.Read(read.key(), other.value(), read.offset())
                    : read.value().equals(other.value())
                        ? new Step.Read(read.key(), one.value(), read.offset())
                        : read);
      }
    },
    DOUBLE_A_RECORD {
      @Override
      List<Operation> on(List<Operation> clean, Random random) {
        Step.Read victim = anyOf(laterReads(clean), random);
        return atTheEnd(clean, victim.key(), victim.value());
      }
    },
    CHANGE_AN_OFFSET {
      @Override
      List<Operation> on(List<Operation> clean, Random random) {
        Step.Read victim = anyOf(laterReads(clean), random);
        return reads(
            clean,
            read ->
                read.equals(victim)
                    ? new Step.Read(read.key(), read.value(), read.offset() + 100_000)
                    : read);
      }
    },
    LEAK_A_FAILED_RECORD {
      @Override
      List<Operation> on(List<Operation> clean, Random random) {
        Step.Send failed =
            anyOf(
                clean.stream()
                    .filter(o -> o.outcome() == Phase.FAIL)
                    .flatMap(Operation::sends)
                    .toList(),
                random);
        return atTheEnd(clean, failed.key(), failed.value());
      }
    },
    SPLIT_A_TRANSACTION {
      @Override
      List<Operation> on(List<Operation> clean, Random random) {
        Set<String> seen =
            laterReads(clean).stream().map(Step.Read::value).collect(Collectors.toSet());
        Operation transaction =
            anyOf(
                clean.stream()
                    .filter(o -> o.call() == Call.TXN && o.outcome() != Phase.FAIL)
                    .filter(o -> o.sends().allMatch(send -> seen.contains(send.value())))
                    .toList(),
                random);
        String half = transaction.sends().skip(1).findFirst().orElseThrow().value();
        return without(clean, half);
      }
    };

    /** Returns a history that must be found guilty. */
    abstract List<Operation> on(List<Operation> clean, Random random);
  }

  @Test
  void letsCleanHistoriesPass() {
    for (int seed = 0; seed < HISTORIES; seed++) {
      List<Operation> clean = GeneratedHistory.of(seed, CALLS);

      assertThat(errors(clean)).as("seed " + seed).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void findsEvery(Damage damage) {
    for (int seed = 0; seed < HISTORIES; seed++) {
      List<Operation> damaged = damage.on(GeneratedHistory.of(seed, CALLS), new Random(seed));

      assertThat(errors(damaged)).as("seed " + seed).isNotEmpty();
    }
  }

  @Test
  void readsBackWhatItWrote() {
    List<Operation> operations = GeneratedHistory.of(7, CALLS);
    List<String> text =
        GeneratedHistory.events(operations).stream().map(HistoryText::format).toList();

    assertThat(History.of(HistoryText.parse(text)).operations()).isEqualTo(operations);
  }

  private static List<Anomaly> errors(List<Operation> operations) {
    return HistoryChecker.errors(new History(operations, Set.of()), Expectations.STRICT);
  }

  private static <T> T anyOf(List<T> candidates, Random random) {
    assertThat(candidates).isNotEmpty();
    return candidates.get(random.nextInt(candidates.size()));
  }

  private static List<String> acknowledged(List<Operation> operations) {
    return operations.stream()
        .filter(Operation::ok)
        .flatMap(Operation::sends)
        .map(Step.Send::value)
        .toList();
  }

  /** Of the reader that drained everything; not the first two of a key. */
  private static List<Step.Read> laterReads(List<Operation> operations) {
    int last = operations.get(operations.size() - 1).process();
    return operations.stream()
        .filter(o -> o.process() == last)
        .flatMap(Operation::reads)
        .filter(read -> read.offset() > 1)
        .toList();
  }

  /** The value is read by nobody. */
  private static List<Operation> without(List<Operation> operations, String value) {
    return operations.stream()
        .map(
            o ->
                with(
                    o,
                    o.steps().stream()
                        .filter(step -> !(step instanceof Step.Read r && r.value().equals(value)))
                        .toList()))
        .toList();
  }

  private static List<Operation> reads(
      List<Operation> operations, UnaryOperator<Step.Read> change) {
    return operations.stream()
        .map(
            o ->
                with(
                    o,
                    o.steps().stream()
                        .map(step -> step instanceof Step.Read read ? change.apply(read) : step)
                        .toList()))
        .toList();
  }

  private static List<Operation> atTheEnd(List<Operation> operations, String key, String value) {
    long end =
        operations.stream()
                .flatMap(Operation::reads)
                .filter(read -> read.key().equals(key))
                .mapToLong(Step.Read::offset)
                .max()
                .orElse(0)
            + 1;
    List<Operation> changed = new ArrayList<>(operations);
    Operation last = changed.get(changed.size() - 1);
    changed.set(changed.size() - 1, with(last, List.of(new Step.Read(key, value, end))));
    return changed;
  }

  private static Operation with(Operation o, List<Step> steps) {
    return new Operation(
        o.number(), o.process(), o.call(), o.outcome(), o.startNanos(), o.endNanos(), steps);
  }
}
