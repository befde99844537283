package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.TextFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A schema as it was when it last went out, in a committed file. Also for the schemas of other
 * modules.
 */
public final class SchemaBaseline {
  /** Set to write the file anew; PROTOCOL.md says when. */
  private static final boolean RENEW = Boolean.getBoolean("schema.renew");

  private final Path file;

  /**
   * @param file below the module's folder, which is where tests run
   */
  public SchemaBaseline(Path file) {
    this.file = file;
  }

  /** That who was built with the baseline gets along with these. */
  public void assertStillFits(FileDescriptor... files) {
    FileDescriptorSet now = setOf(files);
    if (RENEW) {
      write(now);
    }
    assertThat(SchemaChanges.breaking(read(), now))
        .as("changes that break who was built with %s; see PROTOCOL.md, section 6", file)
        .isEmpty();
  }

  private static FileDescriptorSet setOf(FileDescriptor... files) {
    FileDescriptorSet.Builder set = FileDescriptorSet.newBuilder();
    for (FileDescriptor each : files) {
      set.addFile(each.toProto());
    }
    return set.build();
  }

  private FileDescriptorSet read() {
    try {
      FileDescriptorSet.Builder set = FileDescriptorSet.newBuilder();
      TextFormat.merge(Files.readString(file), set);
      return set.build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(FileDescriptorSet set) {
    try {
      List<String> head =
          List.of(
              "# proto-file: google/protobuf/descriptor.proto",
              "# proto-message: google.protobuf.FileDescriptorSet",
              "# The schema that others may have been built with. Written by the test that reads it,",
              "# with -Dschema.renew=true; see PROTOCOL.md, section 6.",
              "");
      String text = TextFormat.printer().printToString(set);
      Files.writeString(file, String.join("\n", head) + text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
