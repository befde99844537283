package io.millrace.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class OutlookTest {
  private final Outlook outlook = new Outlook(1);

  @Test
  @DisplayName("simulator, seed 642: a suspicion ended during an election, and nobody followed")
  void whatWasDecidedBeforeASuspicionBeganOrEndedIsOld() {
    BrokerImage other = new BrokerImage(2, 7, Map.of(), "", "");
    outlook.see(Catalog.of(1, new ClusterImage("c", 1, Map.of(2, other), Map.of())));
    long seen = outlook.pictures();
    assertThat(outlook.suspect(2, 7, "silent")).isTrue();
    assertThat(outlook.pictures()).isGreaterThan(seen);
    long suspected = outlook.pictures();
    assertThat(outlook.suspect(2, 7, "silent still")).isFalse();
    assertThat(outlook.pictures()).isEqualTo(suspected);
    assertThat(outlook.clear(2, 7)).isTrue();
    assertThat(outlook.pictures()).isGreaterThan(suspected);
  }
}
