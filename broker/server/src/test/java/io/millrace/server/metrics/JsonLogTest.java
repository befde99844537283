package io.millrace.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.status.Status;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code conf/logback-json.xml} works as it is, and with its file taken out of the comment. */
class JsonLogTest {
  private static final Path FILE = Path.of("../../conf/logback-json.xml");

  @TempDir Path directory;

  private static LoggerContext configured(Path file) throws Exception {
    LoggerContext context = new LoggerContext();
    context.setMDCAdapter(new LogbackMDCAdapter());
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(file.toFile());
    assertThat(context.getStatusManager().getCopyOfStatusList())
        .allMatch(status -> status.getLevel() < Status.WARN);
    return context;
  }

  @Test
  void anEventIsOneLineOfJsonWhateverIsInIt() throws Exception {
    LoggerContext context = configured(FILE);
    Logger root = context.getLogger("ROOT");
    JsonEncoder encoder =
        (JsonEncoder) ((ConsoleAppender<?>) root.getAppender("stderr")).getEncoder();
    LoggingEvent event =
        new LoggingEvent(
            "",
            root,
            Level.WARN,
            "{} says \"no\"\nand more",
            new IllegalStateException("a\nb"),
            new Object[] {"peer"});
    String line = new String(encoder.encode(event), StandardCharsets.UTF_8);
    assertThat(line.trim().lines()).hasSize(1);
    assertThat(line)
        .startsWith("{\"timestamp\":")
        .contains("\"level\":\"WARN\"", "\"loggerName\":\"ROOT\"", "\"threadName\":")
        .contains("\"formattedMessage\":\"peer says \\\"no\\\"\\nand more\"")
        .contains("\"throwable\":", "a\\nb")
        .doesNotContain("\"arguments\"");
    context.stop();
  }

  @Test
  void itsFileCanBeSwitchedOnAsTheCommentSays() throws Exception {
    String text =
        Files.readString(FILE)
            .replaceFirst("(?s)<!-- To log to files.*?<appender", "<appender")
            .replaceFirst("</appender>\\s*-->", "</appender>")
            .replace("logs/", directory + "/logs/")
            .replace(
                "<appender-ref ref=\"stderr\"/>",
                "<appender-ref ref=\"stderr\"/><appender-ref ref=\"file\"/>");
    LoggerContext context = configured(Files.writeString(directory.resolve("logback.xml"), text));
    context.getLogger("test").info("hello {}", "file");
    context.stop();
    assertThat(Files.readString(directory.resolve("logs/millrace.json")))
        .contains("\"formattedMessage\":\"hello file\"");
  }
}
