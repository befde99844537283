package io.millrace.coordination.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZooKeeperAddressTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "zk1                            | zk1:2181/millrace",
        "zk1:2182                       | zk1:2182/millrace",
        "zk1:2181,zk2:2182/a/b-c.d_e    | zk1:2181,zk2:2182/a/b-c.d_e",
        " zk1:2181 , zk2 /other         | zk1:2181,zk2:2181/other",
        "127.0.0.1:2181/millrace        | 127.0.0.1:2181/millrace",
        "[::1]:2181,[fe80::1]/x         | [::1]:2181,[fe80::1]:2181/x",
        "zk1/                           | zk1:2181/",
      })
  void reads(String text, String read) {
    assertThat(ZooKeeperAddress.parse(text)).hasToString(read);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''               | empty",
        "/millrace        | empty",
        "zk1,,zk2         | empty",
        "zk1,             | empty",
        ":2181            | host",
        "zk1:             | port",
        "zk1:0            | port",
        "zk1:65536        | port",
        "zk1:abc          | port",
        "zk1:-1           | port",
        "zk1:9999999999   | port",
        "::1              | brackets",
        "[::1             | not closed",
        "[::1]x           | only :port",
        "zk 1:2181        | host",
        "zk1//a           | chroot",
        "zk1/a/           | chroot",
        "zk1/a/../b       | chroot",
        "zk1/a b          | chroot",
        "zk1/zookeeper    | itself",
        "zk1/zookeeper/x  | itself",
      })
  void saysWhatIsWrong(String text, String why) {
    assertThatThrownBy(() -> ZooKeeperAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + text + "\"")
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @ValueSource(strings = {"zk1:2181", "zk1,zk2/a/b", "[::1]:7/x", "zk1/"})
  void printsWhatItReads(String text) {
    ZooKeeperAddress address = ZooKeeperAddress.parse(text);
    assertThat(ZooKeeperAddress.parse(address.toString())).isEqualTo(address);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 99, 300_001, -1})
  void boundsTimeouts(int millis) {
    assertThatThrownBy(() -> new ZooKeeperTimeouts(millis, 1_000)).hasMessageContaining("session");
    assertThatThrownBy(() -> new ZooKeeperTimeouts(1_000, millis)).hasMessageContaining("connect");
  }
}
