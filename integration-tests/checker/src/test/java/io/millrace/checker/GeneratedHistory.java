package io.millrace.checker;

import io.millrace.checker.history.Event;
import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.Operation;
import io.millrace.checker.history.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A clean history of producers, transactions and readers, made by a broker that makes no errors.
 */
final class GeneratedHistory {
  private static final int KEYS = 3;
  private static final int PRODUCERS = 4;
  private static final int READERS = 3;

  private final Random random;
  private final Map<String, List<String>> logs = new HashMap<>();
  private final Map<String, Integer> positions = new HashMap<>();
  private final List<Operation> operations = new ArrayList<>();
  private long time;
  private int values;

  private GeneratedHistory(long seed) {
    random = new Random(seed);
  }

  /** Drained: its last reader has read everything from the beginning. */
  static List<Operation> of(long seed, int calls) {
    GeneratedHistory history = new GeneratedHistory(seed);
    for (int i = 0; i < calls; i++) {
      if (history.random.nextInt(3) > 0) {
        history.produce();
      } else {
        history.poll(PRODUCERS + history.random.nextInt(READERS), 1 + history.random.nextInt(8));
      }
    }
    for (int k = 0; k < KEYS * 100; k++) {
      history.poll(PRODUCERS + READERS, Integer.MAX_VALUE);
    }
    return history.operations;
  }

  private void produce() {
    int process = random.nextInt(PRODUCERS);
    boolean transaction = random.nextInt(4) == 0;
    Phase outcome =
        switch (random.nextInt(8)) {
          case 0 -> Phase.FAIL;
          case 1, 2 -> Phase.INFO;
          default -> Phase.OK;
        };
    boolean lands = outcome == Phase.OK || (outcome == Phase.INFO && random.nextBoolean());
    List<Step> steps = new ArrayList<>();
    for (int i = transaction ? 2 + random.nextInt(2) : 1; --i >= 0; ) {
      String key = "k" + random.nextInt(KEYS);
      String value = "v" + values++;
      List<String> log = logs.computeIfAbsent(key, k -> new ArrayList<>());
      long offset = log.size();
      if (lands) {
        log.add(value);
      }
      steps.add(new Step.Send(key, value, outcome == Phase.OK ? offset : Step.UNKNOWN));
    }
    add(process, transaction ? Call.TXN : Call.SEND, outcome, steps);
  }

  private void poll(int process, int max) {
    String key = "k" + random.nextInt(KEYS);
    List<String> log = logs.computeIfAbsent(key, k -> new ArrayList<>());
    int from = positions.getOrDefault(process + key, 0);
    int to = (int) Math.min(log.size(), (long) from + max);
    List<Step> steps = new ArrayList<>();
    for (int offset = from; offset < to; offset++) {
      steps.add(new Step.Read(key, log.get(offset), offset));
    }
    steps.add(new Step.Seen(key, log.size(), log.size(), 1));
    positions.put(process + key, to);
    add(process, Call.POLL, Phase.OK, steps);
  }

  private void add(int process, Call call, Phase outcome, List<Step> steps) {
    operations.add(new Operation(operations.size(), process, call, outcome, time++, time++, steps));
  }

  /** As events, as a workload would write them down. */
  static List<Event> events(List<Operation> operations) {
    List<Event> events = new ArrayList<>();
    for (Operation o : operations) {
      List<Step> known =
          o.steps().stream()
              .filter(Step.Send.class::isInstance)
              .map(Step.Send.class::cast)
              .map(send -> (Step) new Step.Send(send.key(), send.value(), Step.UNKNOWN))
              .toList();
      events.add(new Event(o.startNanos(), o.process(), Phase.INVOKE, o.call(), known));
      events.add(new Event(o.endNanos(), o.process(), o.outcome(), o.call(), o.steps()));
    }
    return Collections.unmodifiableList(events);
  }
}
