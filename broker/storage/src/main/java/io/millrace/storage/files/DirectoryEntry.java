package io.millrace.storage.files;

/**
 * One name in a directory.
 *
 * @param sizeBytes of a file, 0 for anything else
 */
public record DirectoryEntry(String name, FileKind kind, long sizeBytes) {
  public boolean isFile() {
    return kind == FileKind.FILE;
  }

  public boolean isDirectory() {
    return kind == FileKind.DIRECTORY;
  }
}
