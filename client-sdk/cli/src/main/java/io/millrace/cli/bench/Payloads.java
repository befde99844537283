package io.millrace.cli.bench;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** The values that records get, made before the first is sent; drawn by the main thread alone. */
final class Payloads {
  /** So many different ones that compression cannot live on repetition alone. */
  private static final int RANDOM_PAYLOADS = 256;

  private static final int MAX_TOTAL_SIZE = 64 << 20;

  private final byte[][] payloads;

  /** Of a xorshift generator; the same sequence in every run. */
  private long state = 0x9e3779b97f4a7c15L;

  private Payloads(List<byte[]> payloads) {
    this.payloads = payloads.toArray(new byte[0][]);
  }

  /** Random bytes, which no compression makes smaller. */
  static Payloads ofSize(int sizeBytes) {
    SplittableRandom random = new SplittableRandom(1);
    int count = Math.max(1, Math.min(RANDOM_PAYLOADS, MAX_TOTAL_SIZE / Math.max(1, sizeBytes)));
    List<byte[]> payloads = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      byte[] payload = new byte[sizeBytes];
      random.nextBytes(payload);
      payloads.add(payload);
    }
    return new Payloads(payloads);
  }

  /** The lines of a file, byte for byte; a last line feed ends the last line. */
  static Payloads linesOf(Path file) throws IOException {
    if (Files.size(file) > MAX_TOTAL_SIZE) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, file + " is larger than the 64 MiB a payload file may have");
    }
    byte[] bytes = Files.readAllBytes(file);
    List<byte[]> payloads = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        payloads.add(Arrays.copyOfRange(bytes, start, i));
        start = i + 1;
      }
    }
    if (start < bytes.length) {
      payloads.add(Arrays.copyOfRange(bytes, start, bytes.length));
    }
    if (payloads.isEmpty()) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, file + " is empty; each of its lines would be a payload");
    }
    return new Payloads(payloads);
  }

  int smallestSize() {
    return Arrays.stream(payloads).mapToInt(payload -> payload.length).min().orElse(0);
  }

  /** One at random; must not be changed. */
  byte[] next() {
    state ^= state << 13;
    state ^= state >>> 7;
    state ^= state << 17;
    // The upper half as a fraction of the count: no division, this is done for every record.
    return payloads[(int) (((state >>> 32) * payloads.length) >>> 32)];
  }
}
