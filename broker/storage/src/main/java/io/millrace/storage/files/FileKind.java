package io.millrace.storage.files;

/** What stands at a path; links are looked at, never followed. */
public enum FileKind {
  ABSENT,
  FILE,
  DIRECTORY,
  /** A symbolic link, a device, a socket: nothing this product made. */
  OTHER
}
