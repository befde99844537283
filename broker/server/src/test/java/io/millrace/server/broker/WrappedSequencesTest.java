package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.BatchView;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * 4.7: a producer's sequences go on at 0 behind 2^31 - 1, also where the leader that took the last
 * ones is not the one that gets the first ones. Nobody can send so many records here, so the log is
 * made to say, on every disk, that they were sent.
 */
class WrappedSequencesTest {
  private static final long ID = 78;
  private static final int EPOCH = 3;
  private static final int MAX = Integer.MAX_VALUE;

  private final ThreeBrokers brokers = new ThreeBrokers(39);

  @AfterEach
  void nothingWasThrown() {
    brokers.assertNothingWasThrown();
  }

  private static ByteBuffer batch(int sequence, String... values) {
    return Batches.of(ID, EPOCH, sequence, values);
  }

  private ErrorCode refusal(TopicInfo topic, ByteBuffer batch) {
    ProduceResult result = brokers.produce(topic, 0, batch);
    assertThat(result.hasError()).as(result.toString()).isTrue();
    return result.getError().getCode();
  }

  /** Its first batch becomes the one of that sequence, on all disks while nobody runs. */
  private void pretend(TopicInfo topic, int sequence) {
    for (int id = 1; id <= 3; id++) {
      brokers.kill(id);
    }
    for (int id = 1; id <= 3; id++) {
      SimulatedCluster.Machine machine = brokers.machine(id);
      Path directory = SimulatedCluster.DATA.resolve(topic.getTopicId() + "-0");
      machine
          .disk
          .contentsIn(directory)
          .forEach(
              (name, bytes) -> {
                if (name.endsWith(".log") && bytes.length > 0) {
                  BatchView view = new BatchView();
                  view.wrap(ByteBuffer.wrap(bytes), 0);
                  view.nameProducer(ID, EPOCH, sequence);
                  machine.disk.put(directory.resolve(name), bytes);
                }
              });
    }
    for (int id = 1; id <= 3; id++) {
      brokers.start(id);
    }
    brokers.awaitInSync(topic.getName(), 0, 3);
  }

  @ParameterizedTest
  @EnumSource(RepeatedThroughFailoverTest.Change.class)
  @DisplayName("B38, 4.7: sequences wrap, and the next leader knows both sides of it")
  void b38_sequencesGoOnAtZeroAtTheNextLeader(RepeatedThroughFailoverTest.Change change) {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    brokers.produce(topic, 0, batch(0, "a"));
    pretend(topic, MAX - 2);
    // In the middle of a batch: MAX - 1, MAX, 0.
    ProduceResult across = brokers.produce(topic, 0, batch(MAX - 1, "b", "c", "d"));
    assertThat(across.getBaseOffsetsList()).as(across.toString()).containsExactly(1L);

    change.of(brokers, brokers.leader("notes", 0));

    ProduceResult again = brokers.produce(topic, 0, batch(MAX - 1, "b", "c", "d"));
    assertThat(again.getBaseOffsetsList()).as(again.toString()).containsExactly(1L);
    assertThat(again.getAppendTimestampMs()).isEqualTo(across.getAppendTimestampMs());
    assertThat(brokers.produce(topic, 0, batch(MAX - 2, "a")).getBaseOffsetsList())
        .containsExactly(0L);
    assertThat(refusal(topic, batch(2, "x"))).isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE);
    assertThat(refusal(topic, batch(0, "x"))).isEqualTo(ErrorCode.SEQUENCE_REUSED);
    assertThat(refusal(topic, batch(MAX - 9, "x"))).isEqualTo(ErrorCode.DUPLICATE_SEQUENCE);
    assertThat(brokers.produce(topic, 0, batch(1, "e")).getBaseOffsetsList()).containsExactly(4L);
    assertThat(brokers.records(topic, 0)).containsExactly("0:a", "1:b", "2:c", "3:d", "4:e");
  }

  @ParameterizedTest
  @EnumSource(RepeatedThroughFailoverTest.Change.class)
  @DisplayName("B38, 4.7: the last sequence at one leader, the first at the next")
  void b38_theNextLeaderTakesTheFirstAgain(RepeatedThroughFailoverTest.Change change) {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    brokers.produce(topic, 0, batch(0, "a"));
    pretend(topic, MAX);

    change.of(brokers, brokers.leader("notes", 0));

    assertThat(refusal(topic, batch(1, "x"))).isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE);
    assertThat(brokers.produce(topic, 0, batch(0, "b")).getBaseOffsetsList()).containsExactly(1L);
    assertThat(brokers.produce(topic, 0, batch(MAX, "a")).getBaseOffsetsList()).containsExactly(0L);
    assertThat(brokers.records(topic, 0)).containsExactly("0:a", "1:b");
  }
}
