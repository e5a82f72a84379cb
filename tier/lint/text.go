package lint

import (
	"strconv"
	"strings"
	"time"
)

// bytes is a size as people write it: "10 MB".
func bytes(n int) string {
	switch {
	case n >= 1<<20:
		return strconv.FormatFloat(float64(n*10>>20)/10, 'f', -1, 64) + " MB"
	case n >= 1<<10:
		return strconv.FormatFloat(float64(n*10>>10)/10, 'f', -1, 64) + " KB"
	}
	return strconv.Itoa(n) + " bytes"
}

// list is "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

const day = 24 * time.Hour

// span is a time as people write it: "4 days", "1m30s".
func span(d time.Duration) string {
	switch {
	case d == day:
		return "a day"
	case d > day && d%day == 0:
		return strconv.Itoa(int(d/day)) + " days"
	case d >= time.Hour && d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d >= time.Minute && d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}
