package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A broker under faults drawn from a seed, and what must hold whatever happens: I1 what was
 * acknowledged from disk, or shown, is there at its offset; I2 no value is there twice; I5 within
 * an epoch nobody sees the visible end go back.
 */
class ChaosTest {
  private static final int PARTITIONS = 3;
  private static final int STEPS = 60;

  static IntStream seeds() {
    return IntStream.range(0, 40);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void keepsItsPromises(int seed) {
    new Run(seed).run();
  }

  /** One seed's story. */
  private static final class Run {
    private final SimulatedCluster world;
    private final SimulatedCluster.Machine machine;
    private final SplittableRandom random;
    private final TopicInfo topic;

    /** By partition, what must be there: offset to value. */
    private final List<Map<Long, String>> promised = new ArrayList<>();

    /** By partition and epoch, the highest visible end that was told. */
    private final Map<List<Integer>, Long> visibleEnds = new HashMap<>();

    private final List<Sent> sent = new ArrayList<>();
    private StartOutcome.Ready ready;
    private @Nullable TestClient client;
    private boolean up = true;
    private int values;

    private record Sent(int partition, String value, CompletableFuture<TestClient.Answer> answer) {}

    Run(long seed) {
      world = new SimulatedCluster(seed);
      machine = world.machine(1);
      random = world.scheduler.random().split();
      ready = machine.start();
      TestClient creator = world.client(ready.client());
      client = creator;
      topic =
          world.create(
              creator,
              "notes",
              PARTITIONS,
              Map.of("segment.bytes", "65536", "durability", "standard"));
      for (int i = 0; i < PARTITIONS; i++) {
        promised.add(new HashMap<>());
      }
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        act();
        world.scheduler.runFor(random.nextLong(SECOND / 20));
        collect();
      }
      heal();
      for (int partition = 0; partition < PARTITIONS; partition++) {
        check(partition, readAll(partition));
      }
    }

    private void act() {
      switch (random.nextInt(20)) {
        case 0 -> end(false);
        case 1 -> end(true);
        case 2 -> world.ensemble.expire(machine.store());
        case 3 -> world.ensemble.disconnect(machine.store());
        case 4 -> world.ensemble.setIsolated(machine.store(), random.nextBoolean());
        case 5 -> world.ensemble.setWriteFaults(random.nextInt(200));
        case 6 -> machine.disk.limitBytes(random.nextBoolean() ? 0 : Long.MAX_VALUE);
        case 7 -> world.network.reset("client", "broker-1");
        case 8 -> begin();
        default -> work();
      }
    }

    private void end(boolean powerLoss) {
      if (up) {
        up = false;
        client = null;
        if (powerLoss) {
          machine.losePower();
        } else {
          machine.kill();
        }
      }
    }

    private void begin() {
      if (!up) {
        world.ensemble.setWriteFaults(0);
        machine.disk.limitBytes(Long.MAX_VALUE);
        ready = machine.start();
        up = true;
      }
    }

    private void work() {
      TestClient open = client;
      if (!up) {
        return;
      }
      if (open == null || !open.connection().isOpen()) {
        client = null;
        CompletableFuture<TestClient> connected = world.connect(ready.client());
        world.scheduler.runFor(SECOND / 50);
        if (connected.isDone() && !connected.isCompletedExceptionally()) {
          client = connected.join();
        }
        return;
      }
      int partition = random.nextInt(PARTITIONS);
      if (random.nextInt(3) == 0) {
        CompletableFuture<TestClient.Answer> read =
            open.fetch(topic.getTopicId(), partition, 0, random.nextInt(50));
        sent.add(new Sent(partition, "", read));
      } else {
        String value = "v" + values++;
        Durability level = random.nextBoolean() ? Durability.STANDARD : Durability.LEADER;
        sent.add(
            new Sent(
                partition,
                value,
                open.produce(topic.getTopicId(), partition, level, Batches.batch(1_000, value))));
      }
    }

    private void collect() {
      for (Sent one : sent) {
        if (one.answer().isDone() && !one.answer().isCompletedExceptionally()) {
          TestClient.Answer answer = one.answer().join();
          if (answer.response().hasFetch()) {
            onShown(one.partition(), answer);
          } else if (answer.response().hasProduce()) {
            onProduced(one, answer.response().getProduce().getResults(0));
          }
        }
      }
      sent.removeIf(one -> one.answer().isDone());
    }

    private void onProduced(Sent one, ProduceResult result) {
      if (!result.hasError() && result.getFlushed()) {
        promise(one.partition(), result.getBaseOffsets(0), one.value());
      }
    }

    private void onShown(int partition, TestClient.Answer answer) {
      FetchResult result = answer.response().getFetch().getResults(0);
      if (result.hasError()) {
        return;
      }
      for (String record : answer.records()) {
        int colon = record.indexOf(':');
        promise(partition, Long.parseLong(record.substring(0, colon)), record.substring(colon + 1));
      }
      Long before =
          visibleEnds.put(List.of(partition, result.getLeaderEpoch()), result.getHighWatermark());
      // Answers of one connection may overtake each other by a turn, but not go back in an epoch.
      assertThat(result.getHighWatermark()).isGreaterThanOrEqualTo(before == null ? 0 : before);
    }

    private void promise(int partition, long offset, String value) {
      String before = promised.get(partition).put(offset, value);
      assertThat(before).isIn(null, value);
    }

    private void heal() {
      end(random.nextBoolean());
      world.ensemble.setIsolated(machine.store(), false);
      begin();
      world.scheduler.runFor(SECOND);
      TestClient reader = world.client(ready.client());
      for (int partition = 0; partition < PARTITIONS; partition++) {
        world.awaitLed(reader, topic.getTopicId(), partition);
      }
      client = reader;
    }

    private Map<Long, String> readAll(int partition) {
      TestClient reader = java.util.Objects.requireNonNull(client);
      Map<Long, String> found = new HashMap<>();
      world
          .await(reader.fetch(topic.getTopicId(), partition, 0, 0))
          .records()
          .forEach(
              record -> {
                int colon = record.indexOf(':');
                found.put(Long.parseLong(record.substring(0, colon)), record.substring(colon + 1));
              });
      return found;
    }

    private void check(int partition, Map<Long, String> found) {
      assertThat(found).containsAllEntriesOf(promised.get(partition));
      Set<String> distinct = new HashSet<>(found.values());
      assertThat(distinct).hasSameSizeAs(found.values());
      assertThat(found.keySet())
          .containsExactlyInAnyOrderElementsOf(
              IntStream.range(0, found.size()).mapToObj(i -> (long) i).toList());
    }
  }
}
