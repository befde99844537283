package io.millrace.server.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.ErrorCode;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class GroupTableTest {
  @Test
  @DisplayName("B57: whoever makes groups in a loop ends at the limit, with its number")
  void b57_hasNoPlaceForMoreGroupsThanThereMayBe() {
    GroupTable table = new GroupTable(new PartitionId("__groups~1", 3), 2);
    assertThat(table.full()).isEmpty();
    table.getOrMake("a");
    table.getOrMake("b");
    assertThat(table.full())
        .hasValueSatisfying(
            why -> {
              assertThat(why.code()).isEqualTo(ErrorCode.GROUP_FULL);
              assertThat(why.message()).contains("2 groups").contains("delete");
            });
    table.remove("a");
    assertThat(table.full()).isEmpty();
  }
}
