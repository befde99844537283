package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.Serializers;
import io.millrace.client.errors.MillraceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is really full: a small tmpfs, which takes root to mount. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class FullDiskIT {
  private static final String RECORD = "%06d" + "x".repeat(10_000);

  @TempDir Path dir;
  private Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    disk = Files.createDirectory(dir.resolve("disk"));
    mounted = run("mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", disk.toString());
    assumeTrue(mounted, "skipped: only root may mount the small tmpfs that is to fill up");
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    if (mounted) {
      assertThat(run("umount", "--lazy", disk.toString())).isTrue();
    }
  }

  @Test
  @DisplayName("F16: a full disk is a clear error, loses nothing acknowledged, and is got over")
  void f16_tellsProducersLosesNothingAndRecovers() throws IOException {
    Path ballast = Files.write(disk.resolve("ballast"), new byte[12 << 20]);
    try (Servers servers = new Servers(dir)) {
      servers.zooKeeper();
      MillraceProcess broker = servers.ready(1, "data.directory=" + disk.resolve("data"));
      servers.run("topic", "create", "notes", "--partitions", "1", "--replicas", "1");
      // Somebody leads it now: three seconds below are for the disk alone.
      servers.runWith("first\n", "produce", "notes");

      // More than there is room for: what fits is acknowledged, the rest is refused with a reason.
      int count = 2_000;
      Map<Integer, Boolean> acknowledged = new ConcurrentSkipListMap<>();
      Map<Integer, MillraceException> failed = new ConcurrentSkipListMap<>();
      try (Producer<byte[], byte[]> producer =
          Producer.create(
              ProducerSettings.builder(servers.cluster())
                  .batchSizeBytes(64 << 10)
                  .deliveryTimeout(Duration.ofSeconds(3))
                  .maxBlock(MillraceProcess.PATIENCE)
                  .build(),
              Serializers.bytes(),
              Serializers.bytes())) {
        for (int i = 0; i < count; i++) {
          int number = i;
          producer.send(
              new ProducerRecord<>("notes", RECORD.formatted(i).getBytes(StandardCharsets.UTF_8)),
              (metadata, error) -> {
                if (error == null) {
                  acknowledged.put(number, true);
                } else {
                  failed.put(number, error);
                }
              });
        }
        producer.flush();
      }
      assertThat(acknowledged.size() + failed.size()).as("each has one outcome").isEqualTo(count);
      assertThat(acknowledged).isNotEmpty();
      assertThat(failed.values())
          .isNotEmpty()
          .anySatisfy(why -> assertThat(why).hasMessageContaining("the disk is full"));

      assertThat(broker.isAlive()).as(broker.describe()).isTrue();
      List<String> there =
          servers
              .run("consume", "notes", "--from", "earliest", "--until-end")
              .out()
              .lines()
              .toList();
      assertThat(there)
          .as("readers are served, with all that was acknowledged")
          .containsAll(acknowledged.keySet().stream().map(RECORD::formatted).toList());

      // Somebody who writes now waits, and goes on by himself as soon as there is space.
      List<String> later =
          IntStream.range(0, 50).mapToObj(i -> "late " + RECORD.formatted(i)).toList();
      MillraceProcess produce =
          servers.begin("produce", "notes", Files.write(dir.resolve("later"), later).toString());
      broker.awaitErrorLine("the disk of \\S+ is full \\(");
      Files.delete(ballast);
      assertThat(produce.awaitExit()).as(produce.describe() + broker.describe()).isZero();
      assertHas(servers, there, later);
      broker.awaitErrorLine("the disk of \\S+ has space again: appends go on");

      // What a crash right then leaves.
      broker.kill();
      servers.ready(1, "data.directory=" + disk.resolve("data"));
      assertHas(servers, there, later);
    }
  }

  private static void assertHas(Servers servers, List<String> first, List<String> then) {
    List<String> all =
        servers.run("consume", "notes", "--from", "earliest", "--until-end").out().lines().toList();
    assertThat(all.subList(0, first.size())).isEqualTo(first);
    assertThat(all.subList(first.size(), all.size())).containsAll(then);
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }
}
