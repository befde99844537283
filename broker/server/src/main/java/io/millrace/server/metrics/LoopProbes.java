package io.millrace.server.metrics;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.EventLoop;
import java.util.ArrayList;
import java.util.List;

/**
 * How long a loop takes to come round: a task is sent to each, and the time until it ran is its
 * delay. Owner: the metrics worker; a probe that is out is the loop's.
 */
final class LoopProbes {
  private static final long PERIOD_NANOS = MILLISECONDS.toNanos(250);

  private final EventLoop worker;
  private final SeriesRegistry registry;
  private final List<Probe> probes = new ArrayList<>();
  private boolean stopped;

  LoopProbes(EventLoop worker, SeriesRegistry registry) {
    this.worker = worker;
    this.registry = registry;
  }

  private static final class Probe {
    final EventLoop loop;
    final HdrReservoir.Writer delays;
    boolean isOut;

    Probe(EventLoop loop, HdrReservoir.Writer delays) {
      this.loop = loop;
      this.delays = delays;
    }
  }

  void add(EventLoop loop) {
    worker.assertInLoop();
    probes.add(
        new Probe(
            loop,
            registry.timer(BrokerMetric.LOOP_DELAY_SECONDS, loop.name()).reservoir().newWriter()));
    if (probes.size() == 1) {
      sendAll();
    }
  }

  void stop() {
    worker.assertInLoop();
    stopped = true;
  }

  private void sendAll() {
    if (stopped) {
      return;
    }
    for (Probe probe : probes) {
      if (!probe.isOut) { // one at a time: a loop that stands gets no heap of them
        send(probe);
      }
    }
    worker.schedule(PERIOD_NANOS, this::sendAll);
  }

  private void send(Probe probe) {
    probe.isOut = true;
    long sentNanos = worker.clock().nanoTime();
    probe.loop.execute(
        () -> {
          probe.delays.record(probe.loop.clock().nanoTime() - sentNanos);
          worker.execute(() -> probe.isOut = false);
        });
  }
}
