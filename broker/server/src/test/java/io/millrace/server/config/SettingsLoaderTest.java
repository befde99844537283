package io.millrace.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Endpoint;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.SettingSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsLoaderTest {
  @Test
  void startsOnDefaultsAlone() {
    SettingsLoader.Outcome.Loaded loaded = loaded("", Map.of(), Map.of());
    assertThat(loaded.warnings()).isEmpty();
    assertThat(loaded.settings().clientListener().bind())
        .isEqualTo(new Endpoint("127.0.0.1", 7272));
    assertThat(loaded.settings().cluster().address()).hasToString("127.0.0.1:2181/millrace");
  }

  @Test
  void laysTheCommandLineOverTheEnvironmentOverTheFile() {
    String file = "broker.id=1\nbroker.rack=file\ntopic.partitions=2\n";
    Map<String, String> environment =
        Map.of("MILLRACE_BROKER_ID", "2", "MILLRACE_BROKER_RACK", "environment", "PATH", "/bin");
    BrokerSettings settings = loaded(file, environment, Map.of("broker.id", "3")).settings();
    assertThat(settings.identity()).isEqualTo(new IdentitySettings(3, "environment", false));
    assertThat(settings.topics().partitions()).isEqualTo(2);
  }

  @Test
  void saysOfEverySettingWhatHoldsAndWhereItComesFrom() {
    String file = "broker.id=1\nbroker.rack=file\n";
    BrokerSettings settings =
        loaded(file, Map.of("MILLRACE_BROKER_ID", "2"), Map.of("fetch.max.bytes", "1000000"))
            .settings();

    assertThat(settings.effective())
        .extracting(EffectiveSetting::key)
        .containsExactlyElementsOf(BrokerKeys.all());
    assertThat(effective(settings, "broker.rack").source()).isEqualTo(SettingSource.FROM_FILE);
    assertThat(effective(settings, "broker.id"))
        .extracting(EffectiveSetting::value, EffectiveSetting::defaultValue)
        .containsExactly("2", "1");
    assertThat(effective(settings, "broker.id").source()).isEqualTo(SettingSource.FROM_ENVIRONMENT);
    assertThat(effective(settings, "fetch.max.bytes").source())
        .isEqualTo(SettingSource.FROM_COMMAND_LINE);
    assertThat(effective(settings, "insecure").source()).isEqualTo(SettingSource.BUILT_IN);
  }

  private static EffectiveSetting effective(BrokerSettings settings, String key) {
    return settings.effective().stream()
        .filter(setting -> setting.key().name().equals(key))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aBrokersDefaultsForTopicsAreKeysOfItsOwn() {
    BrokerSettings settings =
        loaded("topic.retention.ms=60000\n", Map.of(), Map.of("topic.durability", "leader"))
            .settings();
    TopicSettings topic = TopicSettings.understood(Map.of(), 1, settings.topics());
    assertThat(topic.log().retentionMillis()).isEqualTo(60_000);
    assertThat(topic.durability()).isEqualTo(Durability.LEADER);
    assertThat(problems("topic.retention.ms=7d\n"))
        .singleElement()
        .asString()
        .contains("topic.retention.ms=7d", "-1 (for ever)", "without a unit");
  }

  @Test
  @DisplayName("B69: a secret is shown to nobody")
  void b69_hidesSecrets() {
    Key<Integer> secret = Key.integer("secret.number", "", 1, 1, 9, "Only a test has it.").secret();
    KeyValues values = new KeyValues(List.of(secret));
    values.lay(Map.of("secret.number", "7"), "--set", SettingSource.FROM_COMMAND_LINE);
    assertThat(values.effective(secret).value()).isEmpty();
    assertThat(values.effective(secret).source()).isEqualTo(SettingSource.FROM_COMMAND_LINE);
    assertThat(values.describe(secret)).doesNotContain("7");

    values.lay(Map.of("secret.number", "77"), "--set", SettingSource.FROM_COMMAND_LINE);
    assertThat(values.problems().get(0).message()).doesNotContain("77").contains("(hidden)");
  }

  @Test
  void b63_refusesAnUnknownKeyNamingTheNearest() {
    assertThat(problems("brokr.id=1\n"))
        .containsExactly(
            "unknown key brokr.id=1 (test.properties line 1); did you mean broker.id?");
    assertThat(problems("", Map.of(), Map.of("listener.clients", "x")))
        .singleElement()
        .asString()
        .contains("--set")
        .contains("did you mean listener.client?");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10GB", "NaN", "18446744073709551616", "-2", "0x10", "1e6", "", " ", "+5", "१२३"})
  void b63_refusesWhatIsNotANumberInRangeNamingKeyValueAndRange(String value) {
    assertThat(problems("", Map.of(), Map.of("fetch.max.bytes", value)))
        .singleElement()
        .asString()
        .startsWith("fetch.max.bytes=" + value.strip())
        .contains("allowed: 65536 to 1073741824 bytes");
  }

  @Test
  void tellsEveryProblemAtOnce() {
    assertThat(problems("broker.id=x\ninsecure=yes\nnothing=1\n")).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:-1",
    "127.0.0.1:70000",
    "127.0.0.1",
    ":7272",
    "::1:7272",
    "[]:7272",
    "[127.0.0.1]:7272",
    "a b:7272",
    "host:72 72",
    "http://host:7272"
  })
  void b66_refusesAListenerThatIsNoAddress(String value) {
    assertThat(problems("", Map.of(), Map.of("listener.client", value)))
        .anySatisfy(
            problem -> assertThat(problem).startsWith("listener.client=").contains("host:port"));
  }

  @Test
  void b66_takesPortZeroAndAnAddressInBrackets() {
    BrokerSettings settings =
        loaded("listener.client=[::1]:0\nlistener.internal=localhost:0\n", Map.of(), Map.of())
            .settings();
    assertThat(settings.clientListener().bind()).isEqualTo(new Endpoint("::1", 0));
    assertThat(settings.clientListener().advertisedWith(4711)).isEqualTo(new Endpoint("::1", 4711));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0:7272", "[::]:7272", "[0:0:0:0:0:0:0:0]:7272"})
  void b66_refusesToAdvertiseAnAddressNobodyCanConnectTo(String wildcard) {
    assertThat(problems("insecure=true\nlistener.client=" + wildcard + "\n"))
        .singleElement()
        .asString()
        .contains("listener.client.advertised");
    assertThat(problems("listener.client.advertised=" + wildcard + "\n"))
        .singleElement()
        .asString()
        .contains("nobody can connect");
  }

  @Test
  void listensBeyondThisMachineOnlyWhenToldThatItIsInsecureAndWarns() {
    String file = "listener.client=0.0.0.0:7272\nlistener.client.advertised=example.org:7272\n";
    assertThat(problems(file)).singleElement().asString().contains("insecure=true");
    SettingsLoader.Outcome.Loaded loaded = loaded(file + "insecure=true\n", Map.of(), Map.of());
    assertThat(loaded.warnings())
        .singleElement()
        .asString()
        .startsWith("INSECURE: listener client is open on 0.0.0.0:7272");
    assertThat(loaded.settings().clientListener().advertised())
        .isEqualTo(new Endpoint("example.org", 7272));
  }

  @Test
  void aNameThatOnlyLooksLocalCountsAsExposed() {
    assertThat(problems("listener.client=127.0.0.1.example.org:7272\n")).hasSize(1);
    assertThat(problems("listener.internal=localhost.:7273\n")).hasSize(1);
  }

  @Test
  void b67_refusesSettingsThatContradictEachOther() {
    assertThat(problems("request.timeout.ms=1000\n"))
        .singleElement()
        .asString()
        .contains("request.timeout.ms=1000 (test.properties line 1)")
        .contains("fetch.max.wait.ms=60000 (default)");
    assertThat(problems("listener.internal=127.0.0.1:7272\n"))
        .singleElement()
        .asString()
        .contains("same address");
  }

  @Test
  void b67_warnsOfASessionShorterThanTwoUsualTicks() {
    assertThat(loaded("cluster.session.timeout.ms=1000\n", Map.of(), Map.of()).warnings())
        .singleElement()
        .asString()
        .contains("two of ZooKeeper's usual ticks");
  }

  @Test
  void everyKeyHasADefaultThatIsAllowedAndANameTheEnvironmentCanCarry() {
    assertThat(BrokerKeys.all())
        .allSatisfy(
            key -> {
              assertThat(key.preset()).isNotNull();
              assertThat(key.environmentName()).matches("MILLRACE_[A-Z_]+");
              assertThat(key.reason()).endsWith(".");
            });
    assertThat(BrokerKeys.all()).extracting(Key::environmentName).doesNotHaveDuplicates();
  }

  private static List<String> problems(String file) {
    return problems(file, Map.of(), Map.of());
  }

  private static List<String> problems(
      String file, Map<String, String> environment, Map<String, String> overrides) {
    SettingsLoader.Outcome outcome = load(file, environment, overrides);
    assertThat(outcome).isInstanceOf(SettingsLoader.Outcome.Refused.class);
    return ((SettingsLoader.Outcome.Refused) outcome)
        .problems().stream().map(SettingProblem::message).toList();
  }

  private static SettingsLoader.Outcome.Loaded loaded(
      String file, Map<String, String> environment, Map<String, String> overrides) {
    SettingsLoader.Outcome outcome = load(file, environment, overrides);
    assertThat(outcome).isInstanceOf(SettingsLoader.Outcome.Loaded.class);
    return (SettingsLoader.Outcome.Loaded) outcome;
  }

  private static SettingsLoader.Outcome load(
      String file, Map<String, String> environment, Map<String, String> overrides) {
    return SettingsLoader.load(
        Optional.of(
            new SettingsLoader.File(
                "test.properties", ByteBuffer.wrap(file.getBytes(StandardCharsets.UTF_8)))),
        environment,
        overrides);
  }
}
