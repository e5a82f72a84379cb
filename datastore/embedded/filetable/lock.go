package filetable

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// folderLock is the right of this process to a folder. The system frees it when
// the process ends, however it ends.
type folderLock struct{ file *os.File }

// lockName is no name of a namespace or a table.
const lockName = ".lock"

func lockFolder(dir string) (*folderLock, error) {
	path := filepath.Join(dir, lockName)
	file, err := openLocked(path)
	switch {
	case err != nil && inUse(err):
		return nil, fmt.Errorf("%s is in use by another process%s; end it, or use another folder: %w", dir, owner(path), err)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be locked: %w", dir, err)
	}
	// The number is for the message of the next process only.
	_ = file.Truncate(0)
	_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return &folderLock{file}, nil
}

// owner says which process holds the lock, where that can be read.
func owner(path string) string {
	data, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(data)); err == nil && pid != "" {
		return " (" + pid + ")"
	}
	return ""
}

func (l *folderLock) free() error { return l.file.Close() }
