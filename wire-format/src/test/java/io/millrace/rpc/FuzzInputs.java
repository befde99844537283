package io.millrace.rpc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The committed inputs of a fuzz test, where Jazzer looks for them. */
public record FuzzInputs(Path folder) {
  /** From the module's folder, which is where tests run. */
  public static FuzzInputs of(Class<?> test, String method) {
    return new FuzzInputs(
        Path.of("src/test/resources", test.getPackageName().replace('.', '/'))
            .resolve(test.getSimpleName() + "Inputs")
            .resolve(method));
  }

  public byte[] read(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name));
  }
}
