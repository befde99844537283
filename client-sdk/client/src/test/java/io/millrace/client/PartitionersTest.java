package io.millrace.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartitionersTest {
  /** The values of Kafka's own UtilsTest: keys must land where Kafka users expect them. */
  @ParameterizedTest
  @CsvSource({
    "21, -973932308",
    "foobar, -790332482",
    "a-little-bit-long-string, -985981536",
    "a-little-bit-longer-string, -1486304829",
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8, -58897971",
    "abc, 479470107",
  })
  void hashesAsKafkaDoes(String key, int hash) {
    assertThat(Partitioners.murmur2(key.getBytes(UTF_8))).isEqualTo(hash);
  }

  @Test
  void makesPartitionsOfHashesAsKafkaDoes() {
    Partitioner byKey = Partitioners.byKey();
    // (hash & 0x7fffffff) % 6, not the absolute value
    assertThat(byKey.partition(new Topic(6), "21".getBytes(UTF_8)))
        .isEqualTo((-973932308 & 0x7fffffff) % 6);
    assertThat(byKey.partition(new Topic(6), "abc".getBytes(UTF_8))).isEqualTo(479470107 % 6);
  }

  @Test
  void sendsRecordsWithoutKeyToTheStickyPartition() {
    assertThat(Partitioners.byKey().partition(new Topic(6), null)).isEqualTo(Topic.STICKY);
    assertThat(Partitioners.sticky().partition(new Topic(6), new byte[1])).isEqualTo(Topic.STICKY);
  }

  @Test
  void anEmptyKeyIsAKey() {
    int partition = Partitioners.byKey().partition(new Topic(6), new byte[0]);
    assertThat(partition).isEqualTo((Partitioners.murmur2(new byte[0]) & 0x7fffffff) % 6);
  }

  private record Topic(int partitions) implements Partitioner.Topic {
    static final int STICKY = 4;

    @Override
    public String name() {
      return "notes";
    }

    @Override
    public boolean hasLeader(int partition) {
      return true;
    }

    @Override
    public long backlogBytes(int partition) {
      return 0;
    }

    @Override
    public int stickyPartition() {
      return STICKY;
    }
  }
}
