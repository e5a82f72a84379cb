package filetable

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// scan calls apply for each record of r, with the length of its line, and
// returns how many bytes are good and how many follow them that a crash cut off:
// a last line without its line break. A line that is complete and wrong is
// damage, wherever it is: the write it holds may have been answered.
func scan(r io.Reader, apply func(record, int64) error) (good, torn int64, err error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	var buf []byte
	for {
		line, err := readLine(lines, &buf)
		switch {
		case err == io.EOF:
			return good, int64(len(line)), nil
		case err != nil && !errors.Is(err, errLongLine):
			return good, 0, err
		}
		var rec record
		if err == nil {
			rec, err = parseLine(line[:len(line)-1])
		}
		if err != nil {
			return good, 0, fmt.Errorf("damaged at byte %d: %w; restore the file, or delete it to begin anew", good, err)
		}
		if err := apply(rec, int64(len(line))); err != nil {
			return good, 0, fmt.Errorf("at byte %d: %w", good, err)
		}
		good += int64(len(line))
	}
}

var errLongLine = fmt.Errorf("a line of more than %d bytes", maxLine)

// readLine reads a line with its line break, which is good until the next call.
// buf holds lines that the reader's own buffer does not.
func readLine(r *bufio.Reader, buf *[]byte) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	*buf = (*buf)[:0]
	for err == bufio.ErrBufferFull {
		if *buf = append(*buf, line...); len(*buf) > maxLine {
			return nil, errLongLine
		}
		line, err = r.ReadSlice('\n')
	}
	*buf = append(*buf, line...)
	return *buf, err
}
