package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class EndpointTest {
  @Test
  void printsAnIpv6AddressInBrackets() {
    assertThat(new Endpoint("::1", 7272)).hasToString("[::1]:7272");
  }

  @Test
  void b66_refusesAPortOutsideTheRange() {
    assertThatThrownBy(() -> new Endpoint("localhost", 70_000)).hasMessageContaining("70000");
    assertThatThrownBy(() -> new Endpoint("localhost", -1)).hasMessageContaining("-1");
  }
}
