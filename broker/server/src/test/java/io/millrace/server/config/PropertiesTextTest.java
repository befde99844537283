package io.millrace.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.SettingSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PropertiesTextTest {
  @Test
  void readsKeysValuesAndCommentsAndSaysWhereEachStands() {
    Map<String, PropertiesText.Entry> entries =
        entries("# a comment\n\n broker.id = 7 \ndata.directory=C:\\data = here\nbroker.rack=\n");
    assertThat(entries)
        .containsEntry(
            "broker.id",
            new PropertiesText.Entry("7", "test.properties line 3", SettingSource.FROM_FILE))
        .containsEntry(
            "data.directory",
            new PropertiesText.Entry(
                "C:\\data = here", "test.properties line 4", SettingSource.FROM_FILE))
        .containsEntry(
            "broker.rack",
            new PropertiesText.Entry("", "test.properties line 5", SettingSource.FROM_FILE));
  }

  @Test
  void readsCarriageReturnsOfOtherSystemsAsLineEnds() {
    assertThat(entries("a=1\r\nb=2\r\n")).containsOnlyKeys("a", "b");
  }

  @Test
  void b70_refusesLatin1() {
    byte[] latin1 = "broker.rack=Köln\n".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(problems(latin1)).singleElement().asString().contains("not UTF-8");
  }

  @Test
  void b70_refusesAByteOrderMark() {
    byte[] marked = "\ufeffbroker.id=1\n".getBytes(StandardCharsets.UTF_8);
    assertThat(problems(marked)).singleElement().asString().contains("byte order mark");
  }

  @Test
  void b70_refusesAFileLongerThanTheLimit() {
    byte[] long_ = new byte[PropertiesText.MAX_SIZE_BYTES + 1];
    assertThat(problems(long_)).singleElement().asString().contains("1048577 bytes long");
  }

  @Test
  void b70_refusesIncludes() {
    assertThat(problems("include other.properties\n".getBytes(StandardCharsets.UTF_8)))
        .singleElement()
        .asString()
        .contains("test.properties line 1")
        .contains("include is not supported");
    assertThat(problems("include=test.properties\n".getBytes(StandardCharsets.UTF_8))).hasSize(1);
  }

  @Test
  void refusesAKeyThatIsSetTwiceNamingBothLines() {
    assertThat(problems("a=1\nb=2\na=3\n".getBytes(StandardCharsets.UTF_8)))
        .singleElement()
        .asString()
        .contains("line 1")
        .contains("line 3");
  }

  @Test
  void refusesLinesThatAreNotKeyAndValueAndContinuationLines() {
    assertThat(problems("broker.id 7\n=7\na=1\\\n".getBytes(StandardCharsets.UTF_8))).hasSize(3);
  }

  @Test
  void escapesWhatCouldSteerATerminal() {
    assertThat(problems("red\u001b[31m\n".getBytes(StandardCharsets.UTF_8)))
        .singleElement()
        .asString()
        .contains("\\u001b")
        .doesNotContain("\u001b");
  }

  private static Map<String, PropertiesText.Entry> entries(String text) {
    PropertiesText.Parsed parsed =
        PropertiesText.parse(
            "test.properties", ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    assertThat(parsed).isInstanceOf(PropertiesText.Parsed.Entries.class);
    return ((PropertiesText.Parsed.Entries) parsed).byKey();
  }

  private static List<String> problems(byte[] bytes) {
    PropertiesText.Parsed parsed = PropertiesText.parse("test.properties", ByteBuffer.wrap(bytes));
    assertThat(parsed).isInstanceOf(PropertiesText.Parsed.Refused.class);
    return ((PropertiesText.Parsed.Refused) parsed)
        .problems().stream().map(SettingProblem::message).toList();
  }
}
