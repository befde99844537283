package io.millrace.examples;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.Deserializers;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import java.time.Duration;
import java.util.List;

public class ConsumerExample {
  public static void main(String[] args) {
    String cluster = args.length > 0 ? args[0] : "127.0.0.1:2181/millrace";
    ConsumerSettings settings = ConsumerSettings.builder(cluster).build();
    try (Consumer<String, String> consumer =
        Consumer.create(settings, Deserializers.string(), Deserializers.string())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor("greetings").stream().map(PartitionInfo::topicPartition).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (true) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
          System.out.println(record + ": " + record.key() + " = " + record.value());
          if ("good bye".equals(record.value())) {
            return;
          }
        }
      }
    }
  }
}
