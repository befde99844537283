package io.millrace.examples;

import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.RecordMetadata;
import io.millrace.client.Serializers;

public class ProducerExample {
  public static void main(String[] args) {
    String cluster = args.length > 0 ? args[0] : "127.0.0.1:2181/millrace";
    ProducerSettings settings = ProducerSettings.builder(cluster).build();
    try (Producer<String, String> producer =
        Producer.create(settings, Serializers.string(), Serializers.string())) {
      for (int i = 0; i < 1000; i++) {
        producer.send(
            new ProducerRecord<>("greetings", "key-" + i % 10, "hello " + i),
            (written, error) -> {
              if (error != null) {
                System.err.println("not written, or not known to be: " + error);
              }
            });
      }
      // Or wait for one record: join() throws what would have been the callback's error.
      RecordMetadata last =
          producer.send(new ProducerRecord<>("greetings", "key-0", "good bye")).join();
      System.out.println("the last one is " + last.topicPartition() + " offset " + last.offset());
    } // close() waits for the records that are still on their way
  }
}
