package io.millrace.coordination.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import java.util.List;

/** FZ6: whatever stands in a node is understood or refused; CONTRIBUTING has the how. */
class ZnodeFuzzTest {
  private static final List<ZnodeJson<?>> KINDS =
      List.of(
          ZnodeJson.CLUSTER,
          ZnodeJson.LIVE_BROKER,
          ZnodeJson.KNOWN_BROKER,
          ZnodeJson.TOPIC,
          ZnodeJson.NAME,
          ZnodeJson.DELETED_TOPIC,
          ZnodeJson.PARTITIONS,
          ZnodeJson.PARTITION,
          ZnodeJson.PRODUCER_IDS);

  /** The same bytes for every kind, so that each seed is one for all of them. */
  @FuzzTest(maxDuration = "60s")
  void fz6_understandsANodeOrSaysWhyNot(byte[] content) {
    for (ZnodeJson<?> kind : KINDS) {
      check(kind, ByteString.copyFrom(content));
    }
  }

  private static <T extends Message> void check(ZnodeJson<T> kind, ByteString content) {
    ZnodeReading<T> reading = kind.read(content);
    if (reading instanceof ZnodeReading.Understood<T> understood) {
      ZnodeReading<T> again = kind.read(kind.write(understood.content()));
      assertThat(again).isEqualTo(new ZnodeReading.Understood<>(understood.content(), true));
    } else if (reading instanceof ZnodeReading.Damaged<T> damaged) {
      assertThat(damaged.why()).isNotEmpty().hasSizeLessThan(500).matches("[ -~]*");
    } else {
      assertThat(((ZnodeReading.FromTheFuture<T>) reading).version()).isGreaterThan(1);
    }
  }
}
