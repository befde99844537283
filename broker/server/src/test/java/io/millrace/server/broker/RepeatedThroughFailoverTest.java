package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * 4.7 where the leader that took a batch is not the one that gets it again: whoever leads knows
 * what its followers' life and its own restarts have left it, and answers as the first one did.
 */
class RepeatedThroughFailoverTest {
  private static final long ID = 77;
  private static final int EPOCH = 2;
  private static final int REMEMBERED = 32;

  private final ThreeBrokers brokers = new ThreeBrokers(38);

  /** How another leader comes about. */
  enum Change {
    KILL {
      @Override
      void of(ThreeBrokers brokers, int leader) {
        brokers.kill(leader);
      }
    },
    STOP {
      @Override
      void of(ThreeBrokers brokers, int leader) {
        brokers.stop(leader);
      }
    },
    /** Those that take over know it from their disks only. */
    KILL_AFTER_RESTARTS_OF_THE_OTHERS {
      @Override
      void of(ThreeBrokers brokers, int leader) {
        for (int id : brokers.othersThan(leader)) {
          brokers.stop(id);
          brokers.start(id);
          brokers.awaitInSync("notes", 0, 3);
        }
        brokers.kill(leader);
      }
    },
    KILL_AFTER_CRASHES_OF_THE_OTHERS {
      @Override
      void of(ThreeBrokers brokers, int leader) {
        for (int id : brokers.othersThan(leader)) {
          brokers.kill(id);
          brokers.start(id);
          brokers.awaitInSync("notes", 0, 3);
        }
        brokers.kill(leader);
      }
    },
    /** And back: the first one has to know it by what it copied. */
    THERE_AND_BACK {
      @Override
      void of(ThreeBrokers brokers, int leader) {
        brokers.kill(leader);
        int next = brokers.leader("notes", 0);
        brokers.start(leader);
        brokers.awaitInSync("notes", 0, 3);
        brokers.kill(next);
      }
    };

    abstract void of(ThreeBrokers brokers, int leader);
  }

  @AfterEach
  void nothingWasThrown() {
    brokers.assertNothingWasThrown();
  }

  private static ByteBuffer batch(int sequence, String... values) {
    return Batches.of(ID, EPOCH, sequence, values);
  }

  private ProduceResult sent(TopicInfo topic, ByteBuffer batch) {
    return brokers.produce(topic, 0, batch);
  }

  private ErrorCode refusal(TopicInfo topic, ByteBuffer batch) {
    ProduceResult result = sent(topic, batch);
    assertThat(result.hasError()).as(result.toString()).isTrue();
    return result.getError().getCode();
  }

  @ParameterizedTest
  @EnumSource(Change.class)
  @DisplayName("B37, B38, B39: what was sent to one leader and comes again to the next")
  void b37_b38_b39_anotherLeaderAnswersAsTheFirst(Change change) {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    List<ProduceResult> first = new ArrayList<>();
    for (int i = 0; i < REMEMBERED + 8; i++) {
      first.add(sent(topic, batch(i, "v" + i)));
    }
    List<String> records = brokers.records(topic, 0);
    int before = brokers.leader("notes", 0);

    change.of(brokers, before);

    // A repetition: where and when it was appended the first time, and nothing is appended.
    for (int i = 8; i < first.size(); i++) {
      ProduceResult again = sent(topic, batch(i, "v" + i));
      assertThat(again.hasError()).as(again.toString()).isFalse();
      assertThat(again.getBaseOffsetsList()).isEqualTo(first.get(i).getBaseOffsetsList());
      assertThat(again.getAppendTimestampMs()).isEqualTo(first.get(i).getAppendTimestampMs());
    }
    // One that is older than what is remembered; a gap; others under used numbers.
    assertThat(refusal(topic, batch(3, "v3"))).isEqualTo(ErrorCode.DUPLICATE_SEQUENCE);
    assertThat(refusal(topic, batch(first.size() + 1, "x")))
        .isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE);
    assertThat(refusal(topic, batch(first.size() - 1, "other")))
        .isEqualTo(ErrorCode.SEQUENCE_REUSED);
    // A life of the producer that is over, one that does not begin at its beginning, and nobody's.
    assertThat(refusal(topic, Batches.of(ID, EPOCH - 1, first.size(), "x")))
        .isEqualTo(ErrorCode.FENCED_PRODUCER);
    assertThat(refusal(topic, Batches.of(ID, EPOCH + 1, 1, "x")))
        .isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE);
    assertThat(refusal(topic, Batches.of(ID + 1, 0, 5, "x"))).isEqualTo(ErrorCode.UNKNOWN_PRODUCER);
    assertThat(brokers.records(topic, 0)).isEqualTo(records);

    // And the producer goes on where it was.
    ProduceResult next = sent(topic, batch(first.size(), "next"));
    assertThat(next.getBaseOffsetsList()).containsExactly((long) first.size());
    assertThat(next.getLeaderEpoch()).isGreaterThan(first.get(0).getLeaderEpoch());
  }

  @Test
  @DisplayName("B38, 4.4: what only the old leader had is forgotten with it, and taken anew")
  void b38_aBatchThatWasCutIsAppendedWhenItComesAgain() {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    sent(topic, batch(0, "a"));
    int before = brokers.leader("notes", 0);
    for (int other : brokers.othersThan(before)) {
      brokers.cluster.network.cutBothWays("broker-" + other, "broker-" + before);
    }
    var unknown =
        brokers.client(before).produce(topic.getTopicId(), 0, Durability.STANDARD, batch(1, "b"));
    brokers.cluster.scheduler.runFor(SimulatedCluster.SECOND / 50);
    assertThat(unknown).isNotDone();
    brokers.kill(before);
    brokers.cluster.network.heal();

    assertThat(sent(topic, batch(1, "b")).getBaseOffsetsList()).containsExactly(1L);
    assertThat(sent(topic, batch(2, "c")).getBaseOffsetsList()).containsExactly(2L);

    // The old one cuts its own copy of it, and must then know the other.
    brokers.start(before);
    brokers.awaitInSync("notes", 0, 3);
    List<Integer> others = brokers.othersThan(before);
    others.forEach(brokers::kill);
    assertThat(brokers.leader("notes", 0)).isEqualTo(before);
    others.forEach(brokers::start);
    assertThat(sent(topic, batch(2, "c")).getBaseOffsetsList()).containsExactly(2L);
    assertThat(sent(topic, batch(1, "b")).getBaseOffsetsList()).containsExactly(1L);
    assertThat(sent(topic, batch(3, "d")).getBaseOffsetsList()).containsExactly(3L);
    assertThat(brokers.records(topic, 0)).containsExactly("0:a", "1:b", "2:c", "3:d");
  }
}
