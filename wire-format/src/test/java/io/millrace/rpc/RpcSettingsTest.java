package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.rpc.RpcServerSettings.Timeouts;
import org.junit.jupiter.api.Test;

class RpcSettingsTest {
  private final RpcServerSettings server = RpcServerSettings.DEFAULTS;
  private final ConnectionSettings client = ConnectionSettings.of("test", "1");

  @Test
  void areWhatTheDesignSaysByDefault() {
    assertThat(server.maxRequestSize()).isEqualTo(64 << 20);
    assertThat(server.maxInFlightRequests()).isEqualTo(100);
    assertThat(server.maxConnections()).isEqualTo(10_000);
    assertThat(server.maxConnectionsPerAddress()).isEqualTo(2_000);
    assertThat(client.maxInFlightRequests()).isEqualTo(server.maxInFlightRequests());
    assertThat(client.maxInFlightBytes()).isEqualTo(server.maxInFlightBytes());
  }

  @Test
  void b67_refuseWhatCannotWork() {
    assertThatThrownBy(() -> server.withMaxRequestSize(65_535))
        .hasMessage("the request size limit is 65535; it must be 65536 to 1073741824");
    assertThatThrownBy(() -> server.withMaxInFlight(0, 1 << 20)).hasMessageContaining("in flight");
    assertThatThrownBy(() -> server.withMaxConnections(1, 0)).hasMessageContaining("one address");
    assertThatThrownBy(() -> new Timeouts(0, 1, 1, 1)).hasMessageContaining("request time-out");
    assertThatThrownBy(() -> client.withMaxResponseSize(10)).hasMessageContaining("response size");
    assertThatThrownBy(() -> client.withConnectTimeoutMillis(0)).hasMessageContaining("connect");
    assertThatThrownBy(() -> ConnectionSettings.of("x".repeat(201), "1"))
        .hasMessageContaining("200 characters");
  }

  @Test
  void areToldToThePeer() {
    assertThat(server.withMaxInFlight(7, 1 << 20).limits().build())
        .satisfies(
            limits -> {
              assertThat(limits.getMaxRequestSize()).isEqualTo(64 << 20);
              assertThat(limits.getMaxInFlightRequests()).isEqualTo(7);
              assertThat(limits.getMaxInFlightBytes()).isEqualTo(1 << 20);
            });
  }
}
