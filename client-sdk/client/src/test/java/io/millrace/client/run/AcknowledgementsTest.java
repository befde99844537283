package io.millrace.client.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.TopicPartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What may be committed when records are done with in any order. */
class AcknowledgementsTest {
  private static final TopicPartition P0 = new TopicPartition("notes", 0);

  private final Acknowledgements acknowledgements = new Acknowledgements();

  private static ConsumerRecord<String, String> record(long offset) {
    return new ConsumerRecord<>(P0, offset, 0, null, "v", List.of());
  }

  @Test
  void nothingThatWasNotHandedOutCounts() {
    acknowledgements.done(record(3));
    assertThat(acknowledgements.next(P0)).isNull();
    acknowledgements.handedOut(record(5));
    acknowledgements.done(record(3));
    acknowledgements.done(record(9));
    assertThat(acknowledgements.next(P0)).isEqualTo(new CommittedOffset(5));
  }

  @Test
  void holesBetweenOffsetsAreNothingToWaitFor() {
    acknowledgements.handedOut(record(5));
    acknowledgements.handedOut(record(9));
    acknowledgements.done(record(5));
    assertThat(acknowledgements.next(P0)).isEqualTo(new CommittedOffset(6));
    acknowledgements.done(record(9));
    assertThat(acknowledgements.next(P0)).isEqualTo(new CommittedOffset(10));
    assertThat(acknowledgements.openCount(P0)).isZero();
  }

  @Test
  void afterAnyOrderItIsTheFirstOpenOne() {
    for (int seed = 0; seed < 50; seed++) {
      Acknowledgements some = new Acknowledgements();
      List<Long> offsets = new ArrayList<>();
      for (long offset = 0; offset < 40; offset++) {
        some.handedOut(record(offset));
        offsets.add(offset);
      }
      Collections.shuffle(offsets, new Random(seed));
      Set<Long> done = new HashSet<>();
      for (long offset : offsets) {
        some.done(record(offset));
        done.add(offset);
        long first = 0;
        while (done.contains(first)) {
          first++;
        }
        assertThat(some.next(P0)).isEqualTo(new CommittedOffset(first));
      }
      assertThat(some.openCount(P0)).isZero();
    }
  }
}
