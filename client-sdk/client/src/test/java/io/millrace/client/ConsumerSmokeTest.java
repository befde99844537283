package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.fake.SimulatedWorld;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsumerSmokeTest {
  @Test
  void readsRecords() {
    SimulatedWorld world = new SimulatedWorld(1, 2);
    world.cluster().createTopic("notes", 2);
    SimulatedConsumer consumer =
        new SimulatedConsumer(
            world, SimulatedConsumer.settings().autoOffsetReset(OffsetReset.EARLIEST));
    SimulatedProducer producer = new SimulatedProducer(world, SimulatedProducer.settings());
    producer.learn("notes");
    consumer
        .client()
        .assign(List.of(new TopicPartition("notes", 0), new TopicPartition("notes", 1)));
    for (int i = 0; i < 5000; i++) {
      producer.send("notes", i % 2, "v" + i);
    }
    producer.awaitAll();
    consumer.awaitRecords(5000);
    assertThat(consumer.records()).hasSize(5000);
    assertThat(world.scheduler().thrown()).isEmpty();
  }
}
