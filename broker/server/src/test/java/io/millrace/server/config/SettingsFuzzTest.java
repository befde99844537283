package io.millrace.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** FZ7: any file, any key and any value is taken or refused; CONTRIBUTING has the how. */
class SettingsFuzzTest {
  @FuzzTest(maxDuration = "60s")
  void fz7_takesAnyFileOrSaysWhyNot(byte[] file) {
    SettingsLoader.Outcome outcome =
        SettingsLoader.load(
            Optional.of(new SettingsLoader.File("any.properties", ByteBuffer.wrap(file))),
            Map.of(),
            Map.of());
    if (outcome instanceof SettingsLoader.Outcome.Refused refused) {
      assertPrintable(refused.problems());
    } else {
      assertThat(((SettingsLoader.Outcome.Loaded) outcome).settings().effective())
          .hasSameSizeAs(BrokerKeys.all());
    }
  }

  @FuzzTest(maxDuration = "60s")
  void fz7_takesAnyValueOrSaysWhyNot(FuzzedDataProvider data) {
    List<Key<?>> keys = new ArrayList<>(BrokerKeys.all());
    keys.addAll(TopicKeys.all());
    Key<?> key = keys.get(data.consumeInt(0, keys.size() - 1));
    String name = data.consumeBoolean() ? key.name() : data.consumeString(60);
    String value = data.consumeRemainingAsString();

    SettingsLoader.Outcome broker =
        SettingsLoader.load(Optional.empty(), Map.of(), Map.of(name, value));
    if (broker instanceof SettingsLoader.Outcome.Refused refused) {
      assertPrintable(refused.problems());
    }
    TopicSettings.Outcome topic =
        TopicSettings.check(Map.of(name, value), 1, TopicDefaults.BUILT_IN);
    if (topic instanceof TopicSettings.Outcome.Refused refused) {
      assertPrintable(refused.problems());
      // Whatever it is, a topic that has it is served with what is understood.
      assertThat(TopicSettings.understood(Map.of(name, value), 1, TopicDefaults.BUILT_IN))
          .isEqualTo(TopicSettings.understood(Map.of(), 1, TopicDefaults.BUILT_IN));
    }
  }

  private static void assertPrintable(List<SettingProblem> problems) {
    assertThat(problems).isNotEmpty();
    for (SettingProblem problem : problems) {
      assertThat(problem.message()).hasSizeLessThan(2_000);
      assertThat(problem.message().codePoints().noneMatch(Character::isISOControl)).isTrue();
    }
  }
}
