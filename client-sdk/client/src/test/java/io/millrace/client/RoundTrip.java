package io.millrace.client;

import io.millrace.client.fake.SocketWorld;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** Writes and reads a record over TCP, at an address of brokers. */
public final class RoundTrip implements Callable<String> {
  @Override
  public String call() throws Exception {
    try (SocketWorld world = new SocketWorld()) {
      world.cluster().createTopic("notes", 1);
      String address = "broker://" + world.broker().address();
      try (Producer<String, String> producer =
              Producer.create(
                  ProducerSettings.builder(address).build(),
                  Serializers.string(),
                  Serializers.string());
          Consumer<String, String> consumer =
              Consumer.create(
                  ConsumerSettings.builder(address).build(),
                  Deserializers.string(),
                  Deserializers.string())) {
        producer.send(new ProducerRecord<>("notes", "k", "hello")).get(60, TimeUnit.SECONDS);
        TopicPartition partition = new TopicPartition("notes", 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        Iterator<ConsumerRecord<String, String>> records =
            consumer.poll(Duration.ofSeconds(60)).iterator();
        return records.hasNext() ? String.valueOf(records.next().value()) : "nothing came";
      }
    }
  }
}
