package io.millrace.coordination.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What COORDINATION.md shows is what stands in ZooKeeper. */
class CoordinationDocumentTest {
  private static final Map<Pattern, ZnodeJson<?>> KINDS = new LinkedHashMap<>();

  static {
    KINDS.put(Pattern.compile("/cluster"), ZnodeJson.CLUSTER);
    KINDS.put(Pattern.compile("/brokers/live/\\d+"), ZnodeJson.LIVE_BROKER);
    KINDS.put(Pattern.compile("/brokers/known/\\d+"), ZnodeJson.KNOWN_BROKER);
    KINDS.put(Pattern.compile("/topics/[^/]+"), ZnodeJson.TOPIC);
    KINDS.put(Pattern.compile("/partitions/[^/]+"), ZnodeJson.PARTITIONS);
    KINDS.put(Pattern.compile("/partitions/[^/]+/\\d+"), ZnodeJson.PARTITION);
    KINDS.put(Pattern.compile("/names/[^/]+"), ZnodeJson.NAME);
    KINDS.put(Pattern.compile("/deleted/[^/]+"), ZnodeJson.DELETED_TOPIC);
    KINDS.put(Pattern.compile("/producer-ids"), ZnodeJson.PRODUCER_IDS);
  }

  @Test
  void itsExamplesAreWrittenAsTheCodeWritesThem() throws IOException {
    Map<Pattern, String> shown = new LinkedHashMap<>();
    Pattern example = Pattern.compile("(/\\S+) +(\\{.*})");
    for (String line : Files.readAllLines(Path.of("COORDINATION.md"))) {
      Matcher matcher = example.matcher(line);
      if (matcher.matches()) {
        KINDS.forEach(
            (path, json) -> {
              if (path.matcher(matcher.group(1)).matches()) {
                assertThat(writtenAgain(json, matcher.group(2))).isEqualTo(matcher.group(2));
                shown.put(path, line);
              }
            });
      }
    }

    assertThat(shown).hasSameSizeAs(KINDS);
  }

  private static <T extends Message> String writtenAgain(ZnodeJson<T> json, String text) {
    ZnodeReading<T> reading = json.read(ByteString.copyFromUtf8(text));
    assertThat(reading).as(text).isInstanceOf(ZnodeReading.Understood.class);
    return json.write(((ZnodeReading.Understood<T>) reading).content()).toStringUtf8();
  }
}
