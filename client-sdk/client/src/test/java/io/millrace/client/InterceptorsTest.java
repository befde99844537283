package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.errors.MillraceException;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class InterceptorsTest {
  private static final TopicPartition NOTES = new TopicPartition("notes", 0);

  private final SimulatedWorld world = new SimulatedWorld(61, 1);
  private final List<String> heard = new ArrayList<>();

  /** Puts a letter behind each value, and tells what it hears. */
  private final class Lettering implements ProducerInterceptor<String, String> {
    private final String letter;

    Lettering(String letter) {
      this.letter = letter;
    }

    @Override
    public ProducerRecord<String, String> onSend(ProducerRecord<String, String> record) {
      return new ProducerRecord<>(record.topic(), 0, null, record.value() + letter);
    }

    @Override
    public void onEnd(
        String topic,
        int partition,
        @Nullable RecordMetadata metadata,
        @Nullable MillraceException error) {
      String end = metadata != null ? "" + metadata.offset() : String.valueOf(error);
      heard.add(letter + " " + topic + "/" + partition + " " + end);
    }

    @Override
    public void close() {
      heard.add(letter + " closed");
    }
  }

  private static final class Throwing
      implements ProducerInterceptor<String, String>, ConsumerInterceptor<String, String> {
    @Override
    public ProducerRecord<String, String> onSend(ProducerRecord<String, String> record) {
      throw new IllegalStateException("onSend");
    }

    @Override
    public void onEnd(
        String topic,
        int partition,
        @Nullable RecordMetadata metadata,
        @Nullable MillraceException error) {
      throw new StackOverflowError("onEnd");
    }

    @Override
    public ConsumerRecords<String, String> onRecords(ConsumerRecords<String, String> records) {
      throw new IllegalStateException("onRecords");
    }

    @Override
    public void close() {
      throw new IllegalStateException("close");
    }
  }

  private SimulatedProducer producer(List<ProducerInterceptor<String, String>> interceptors) {
    world.cluster().createTopic("notes", 1);
    SimulatedProducer producer =
        new SimulatedProducer(world, SimulatedProducer.settings(), world.cluster(), interceptors);
    producer.learn("notes");
    return producer;
  }

  private void close(SimulatedProducer producer) {
    producer.runtimeLoop(producer.client()::close);
    world.await("the end", () -> world.cluster().isClosed());
  }

  @Test
  void seeRecordsInTheirOrderAndHowEachEnded() {
    SimulatedProducer producer = producer(List.of(new Lettering("a"), new Lettering("b")));
    producer.send("notes", 0, "x");
    producer.send("notes", 0, "y");
    producer.awaitAll();
    assertThat(world.cluster().topic("notes").log(0).values()).containsExactly("xab", "yab");
    assertThat(heard).containsExactly("a notes/0 0", "b notes/0 0", "a notes/0 1", "b notes/0 1");
    close(producer);
    assertThat(heard).endsWith("a closed", "b closed");
  }

  @Test
  void hearOfRecordsThatFailed() {
    world
        .broker(1)
        .script(
            Scripts.on(Request.ApiCase.PRODUCE, Scripts.refuseEach(ErrorCode.INVALID_TIMESTAMP)));
    SimulatedProducer producer = producer(List.of(new Lettering("a")));
    producer.send("notes", 0, "x");
    producer.send("notes", 0, "y".repeat(2 << 20)); // never queued
    producer.awaitAll();
    assertThat(heard).hasSize(2);
    assertThat(heard).anyMatch(each -> each.startsWith("a notes/0") && each.contains("bytes"));
    assertThat(heard).anyMatch(each -> each.contains("INVALID_TIMESTAMP"));
  }

  @Test
  void oneThatThrowsHarmsNothing() {
    SimulatedProducer producer = producer(List.of(new Throwing(), new Lettering("b")));
    producer.send("notes", 0, "x");
    producer.awaitAll();
    assertThat(world.cluster().topic("notes").log(0).values()).containsExactly("xb");
    assertThat(heard).containsExactly("b notes/0 0");
    close(producer);
    assertThat(heard).endsWith("b closed");
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  @Test
  void oneMayReturnOtherRecordsThanPollWouldHave() {
    world.cluster().createTopic("notes", 1);
    for (String value : List.of("a", "b", "c")) {
      world.cluster().topic("notes").log(0).append(Batches.of(value), 1, 0);
    }
    ConsumerInterceptor<String, String> withoutB =
        new ConsumerInterceptor<>() {
          @Override
          public ConsumerRecords<String, String> onRecords(
              ConsumerRecords<String, String> records) {
            return new ConsumerRecords<>(
                Map.of(
                    NOTES,
                    records.records(NOTES).stream()
                        .filter(each -> !"b".equals(each.value()))
                        .toList()));
          }
        };
    SimulatedConsumer consumer =
        new SimulatedConsumer(
            world, SimulatedConsumer.settings(), List.of(new Throwing(), withoutB));
    consumer.client().assign(List.of(NOTES));
    consumer.client().seekToBeginning(List.of(NOTES));
    consumer.awaitRecords(2);
    assertThat(consumer.values()).containsExactly("a", "c");
    assertThat(consumer.client().position(NOTES)).isEqualTo(3);
  }
}
