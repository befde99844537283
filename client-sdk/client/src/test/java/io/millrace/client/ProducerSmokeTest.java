package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.fake.SimulatedWorld;
import org.junit.jupiter.api.Test;

class ProducerSmokeTest {
  @Test
  void sendsRecords() {
    SimulatedWorld world = new SimulatedWorld(1, 2);
    world.cluster().createTopic("notes", 3);
    SimulatedProducer producer = new SimulatedProducer(world, SimulatedProducer.settings());
    producer.learn("notes");
    for (int i = 0; i < 1000; i++) {
      producer.send("notes", i % 3, "v" + i);
    }
    producer.awaitAll();
    assertThat(producer.ended()).allSatisfy(e -> assertThat(e.error()).isNull());
    assertThat(world.cluster().topic("notes").log(0).values()).hasSize(334);
    assertThat(world.scheduler().thrown()).isEmpty();
  }
}
