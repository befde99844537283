package io.millrace.storage.files;

import io.millrace.rpc.FileSlice;
import java.io.IOException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * What a slice of a file has to do with the real disk: a transport may ask the kernel to move it.
 */
public abstract class DiskSlice implements FileSlice {
  private final DiskFile file;
  private final long filePosition;

  protected DiskSlice(DiskFile file, long filePosition) {
    this.file = file;
    this.filePosition = filePosition;
  }

  @Override
  public @Nullable FileChannel file() {
    try {
      return file.kernelChannel();
    } catch (IOException e) {
      return null; // the slice is read then, and whatever is wrong shows there
    }
  }

  @Override
  public long filePosition() {
    return filePosition;
  }
}
