package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A producer while leaders move, brokers die and come back, and connections break, by seed. */
class StormTest {
  private static final int PARTITIONS = 4;
  private static final int RECORDS = 400;

  private record Storm(SimulatedWorld world, SplittableRandom random, AtomicBoolean over) {
    void blow() {
      if (over.get()) {
        return;
      }
      int broker = 1 + random.nextInt(3);
      switch (random.nextInt(8)) {
        case 0, 1, 2 ->
            world.cluster().lead("notes", random.nextInt(PARTITIONS), broker, random.nextBoolean());
        case 3 -> world.cluster().lead("notes", random.nextInt(PARTITIONS), -1, true);
        case 4, 5 -> world.network().reset("client", SimulatedWorld.host(broker));
        default -> world.cluster().publish();
      }
      after(1 + random.nextInt(60), this::blow);
    }

    private void after(int millis, Runnable action) {
      long at = world.scheduler().nanoTime() + Duration.ofMillis(millis).toNanos();
      world.scheduler().at(at, action);
    }
  }

  @Test
  @DisplayName("I2, I3, I15: through any weather, in order, nothing lost, nothing twice")
  void nothingIsLostDoubledOrReordered() {
    for (long seed = 0; seed < 60; seed++) {
      SimulatedWorld world = new SimulatedWorld(seed, 3);
      world.cluster().createTopic("notes", PARTITIONS);
      SplittableRandom random = world.scheduler().random().split();
      SimulatedProducer producer =
          new SimulatedProducer(
              world, SimulatedProducer.settings().requestTimeout(Duration.ofMillis(300)));
      producer.learn("notes");
      for (int id = 1; id <= 3; id++) {
        FakeBroker broker = world.broker(id);
        broker.script(
            Scripts.on(
                Request.ApiCase.PRODUCE,
                request -> {
                  int fate = random.nextInt(20);
                  if (fate < 2) {
                    return Scripts.refuse(ErrorCode.BUSY).take(request);
                  } else if (fate < 4) {
                    broker.append(request); // and the answer is lost
                    return true;
                  }
                  return fate == 4; // lost before it came
                }));
      }
      Storm storm = new Storm(world, random, new AtomicBoolean());
      storm.blow();
      for (int i = 0; i < RECORDS; i++) {
        producer.send("notes", i % PARTITIONS, "v%05d".formatted(i));
        world.runFor(Duration.ofMillis(random.nextInt(20)));
      }
      storm.over().set(true);
      for (int i = 0; i < PARTITIONS; i++) {
        world.cluster().lead("notes", i, 1 + i % 3, true);
      }
      producer.awaitAll();
      check(world, producer, "seed " + seed);
    }
  }

  private static void check(SimulatedWorld world, SimulatedProducer producer, String at) {
    for (int p = 0; p < PARTITIONS; p++) {
      int partition = p;
      List<String> log = world.cluster().topic("notes").log(p).values();
      assertThat(log)
          .as(at)
          .isEqualTo(
              IntStream.range(0, RECORDS)
                  .filter(i -> i % PARTITIONS == partition)
                  .mapToObj("v%05d"::formatted)
                  .toList());
      for (int i = 0; i < RECORDS; i++) {
        RecordMetadata metadata = producer.metadata(i);
        if (metadata.partition() == p) {
          assertThat(log.get((int) metadata.offset()))
              .as(at)
              .isEqualTo(producer.ended().get(i).value());
        }
      }
    }
    assertThat(world.scheduler().thrown()).as(at).isEmpty();
  }
}
