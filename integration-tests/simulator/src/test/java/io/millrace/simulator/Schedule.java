package io.millrace.simulator;

import io.millrace.simulator.Act.Kind;
import io.millrace.simulator.Options.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Draws what happens in a round's safety phase from its seed and options. */
final class Schedule {
  private static final long MILLI = 1_000_000;
  private static final int STORM = 5;

  private final Options options;
  private final SplittableRandom random;
  private final List<Act> acts = new ArrayList<>();

  private Schedule(Options options) {
    this.options = options;
    random =
        new SplittableRandom(Options.mixed(options.seed(), options.round()) ^ 0x5363686564756C65L);
  }

  /** In order of time. */
  static List<Act> of(Options options) {
    Schedule schedule = new Schedule(options);
    schedule.work();
    options.faults().forEach(schedule::faults);
    if (options.workload() == Workload.Kind.GROUP) {
      new GroupScript(options, schedule::add).write();
    } else if (options.workload() == Workload.Kind.KEYED) {
      new KeyedScript(options, schedule::add).write();
    }
    return schedule.acts.stream().sorted().toList();
  }

  private void work() {
    times(options.sendsPerSecond())
        .forEach(
            at ->
                add(
                    at,
                    Kind.SEND,
                    random.nextInt(options.writers().size()),
                    random.nextInt(options.partitions())));
    times(10.0 * options.readers())
        .forEach(at -> add(at, Kind.POLL, random.nextInt(options.readers()), 0));
  }

  /** Instants of so many events per second, as chance has it. */
  private List<Long> times(double perSecond) {
    List<Long> times = new ArrayList<>();
    double at = 0;
    while (true) {
      at -= Math.log(1 - random.nextDouble()) / perSecond * World.SECOND;
      if (at >= options.safetyNanos()) {
        return times;
      }
      times.add((long) at);
    }
  }

  private void faults(Fault fault, double perSecond) {
    if (fault.isScript()) {
      new Script(options, random, acts::add).write(fault);
      return;
    }
    for (long at : times(perSecond)) {
      fault(fault, at);
    }
  }

  private void fault(Fault fault, long at) {
    int broker = random.nextInt(options.brokers());
    switch (fault) {
      case KILL -> {
        add(at, Kind.KILL, broker, 0);
        add(at + away(), Kind.START, broker, 0);
      }
      case STOP -> {
        add(at, Kind.STOP, broker, 0);
        add(at + away(), Kind.START, broker, 0);
      }
      case LOSE_POWER -> {
        add(at, Kind.LOSE_POWER, broker, loss());
        add(at + away(), Kind.START, broker, 0);
      }
      case KILL_ALL -> all(at, Kind.KILL);
      case LOSE_POWER_ALL -> all(at, Kind.LOSE_POWER);
      case PAUSE -> lasting(at, Kind.PAUSE, Kind.RESUME, broker, 0);
      case CUT_ONE_WAY -> lasting(at, Kind.CUT, Kind.HEAL, broker, host(broker));
      case CUT_PAIR -> {
        int other = host(broker);
        long until = at + away();
        add(at, Kind.CUT, broker, other);
        add(at, Kind.CUT, other, broker);
        add(until, Kind.HEAL, broker, other);
      }
      case CUT_OFF -> {
        long until = at + away();
        for (int other = 0; other < options.brokers(); other++) {
          if (other != broker) {
            add(at, Kind.CUT, broker, other);
            add(at, Kind.CUT, other, broker);
            add(until, Kind.HEAL, broker, other);
          }
        }
        if (random.nextBoolean()) {
          add(at, Kind.ISOLATE, broker, 0);
          add(until, Kind.REJOIN, broker, 0);
        }
      }
      case RESET -> add(at, Kind.RESET, broker, host(broker));
      case ISOLATE -> lasting(at, Kind.ISOLATE, Kind.REJOIN, broker, 0);
      case DISCONNECT -> add(at, Kind.DISCONNECT, broker, 0);
      case EXPIRE -> add(at, Kind.EXPIRE, broker, 0);
      case LAG -> lasting(at, Kind.LAG, Kind.CATCH_UP, broker, 0);
      case NEXT_WRITE ->
          add(
              at,
              List.of(Kind.LOSE_WRITE, Kind.LOSE_ANSWER, Kind.DELAY_WRITE).get(random.nextInt(3)),
              broker,
              0);
      case ZOOKEEPER_AWAY -> lasting(at, Kind.STOP_ZOOKEEPER, Kind.START_ZOOKEEPER, 0, 0);
      case FAIL_FORCE -> add(at, Kind.FAIL_FORCE, broker, 0);
      case FULL_DISK -> lasting(at, Kind.FILL_DISK, Kind.FREE_DISK, broker, 0);
      case SLOW_DISK -> {
        add(at, Kind.SLOW_DISK, broker, 1 << random.nextInt(11));
        add(at + away(), Kind.SLOW_DISK, broker, 0);
      }
      case SHIFT_CLOCK -> add(at, Kind.SHIFT_CLOCK, broker, random.nextInt(-4_000, 4_000));
      case EMPTY_DISK -> {
        add(at, Kind.EMPTY_DISK, broker, 0);
        add(at + away(), Kind.START, broker, 0);
      }
      case OLD_DISK -> {
        long back = at + away();
        add(at, Kind.TAKE_IMAGE, broker, 0);
        add(back, Kind.RETURN_IMAGE, broker, 0);
        add(back + away(), Kind.START, broker, 0);
      }
      case HOLD_BACK -> {
        int other = host(broker);
        boolean outgoing = random.nextBoolean();
        add(at, Kind.HOLD_BACK, outgoing ? broker : other, outgoing ? other : broker);
        add(at + away(), Kind.HEAL, broker, other);
      }
      case DRAIN -> lasting(at, Kind.DRAIN, Kind.END_DRAIN, broker, 0);
      case ELECT -> {
        // F39: a storm
        for (int i = 0; i < STORM; i++) {
          add(at + i * MILLI, Kind.ELECT, random.nextInt(options.partitions()), 0);
        }
      }
      case SET_MINIMUM -> add(at, Kind.SET_MINIMUM, 1 + random.nextInt(options.replicas()), 0);
      case FLIP_BIT -> {
        int number = random.nextInt(1 << 30);
        if (random.nextInt(3) == 0) {
          add(at, Kind.FLIP_BIT, broker, number); // while it runs
        } else {
          boolean isDark = random.nextBoolean();
          add(at, isDark ? Kind.LOSE_POWER : Kind.KILL, broker, isDark ? loss() : 0);
          add(at + MILLI, Kind.FLIP_BIT, broker, number);
          add(at + MILLI + away(), Kind.START, broker, 0);
        }
      }
      case MORE_REPLICAS -> add(at, Kind.ADD_REPLICAS, 1 + random.nextInt(options.brokers()), 0);
      case HIDE_TOPIC -> lasting(at, Kind.HIDE_TOPIC, Kind.SHOW_TOPIC, 0, 0);
      case NEW_TOPIC, SHUFFLE, LAST_STANDING, LONELY_EPOCHS, LOST_NODES ->
          throw new IllegalArgumentException(fault + " is a script");
      case KILL_CLIENT -> {
        if (random.nextInt(3) == 0) {
          add(at, Kind.KILL_READER, random.nextInt(options.readers()), 0);
        } else {
          add(at, Kind.KILL_WRITER, random.nextInt(options.writers().size()), 0);
        }
      }
    }
  }

  private void all(long at, Kind kind) {
    for (int broker = 0; broker < options.brokers(); broker++) {
      long delay = random.nextLong(20 * MILLI);
      add(at + delay, kind, broker, kind == Kind.LOSE_POWER ? loss() : 0);
      add(at + delay + away(), Kind.START, broker, 0);
    }
  }

  private void lasting(long at, Kind begin, Kind end, int who, int other) {
    add(at, begin, who, other);
    add(at + away(), end, who, other);
  }

  /** Another broker, or, less often, a client. */
  private int host(int broker) {
    int clients = options.writers().size() + options.readers();
    if (options.brokers() == 1 || random.nextInt(4) == 0) {
      return options.brokers() + random.nextInt(clients);
    }
    int other = random.nextInt(options.brokers() - 1);
    return other < broker ? other : other + 1;
  }

  private int loss() {
    return random.nextInt(3) == 0 ? random.nextInt(1_001) : 1_000;
  }

  /** Shorter and longer than the suspicion time and the session. */
  private long away() {
    long session = options.sessionMillis() * MILLI;
    return switch (random.nextInt(4)) {
      case 0 -> random.nextLong(2 * MILLI, 40 * MILLI);
      case 1 -> random.nextLong(40 * MILLI, 300 * MILLI);
      case 2 -> random.nextLong(session / 2, session);
      default -> random.nextLong(session, 2 * session);
    };
  }

  private void add(long at, Kind kind, int who, int other) {
    if (at < options.safetyNanos()) {
      acts.add(new Act(at, kind, who, other));
    }
  }
}
