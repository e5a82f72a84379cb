package migrate

import (
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Split takes SQL apart into its statements, without the semicolons at their ends.
// Semicolons in quotes, in comments and, in PostgreSQL, between dollar signs end
// nothing. A quote or a comment without an end is an error.
func Split(text string, dialect sqldb.Dialect) ([]string, error) {
	var statements []string
	start, empty := 0, true // empty: nothing but space and comments since start
	for i := 0; i < len(text); {
		n, blank, err := token(text[i:], dialect)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", 1+strings.Count(text[:i], "\n"), err)
		}
		if text[i] == ';' {
			if !empty {
				statements = append(statements, strings.Trim(text[start:i], space))
			}
			start, empty = i+1, true
		} else if !blank {
			empty = false
		}
		i += n
	}
	if !empty {
		statements = append(statements, strings.Trim(text[start:], space))
	}
	return statements, nil
}

// space is between the words of SQL.
const space = " \t\n\r\f\v"

// token is the length of what text begins with, and whether it does nothing.
func token(text string, dialect sqldb.Dialect) (n int, blank bool, err error) {
	mysql := dialect == sqldb.DialectMySQL
	switch c := text[0]; {
	case strings.IndexByte(space, c) >= 0:
		return 1, true, nil
	case strings.HasPrefix(text, "--"), mysql && c == '#':
		if end := strings.IndexByte(text, '\n'); end >= 0 {
			return end + 1, true, nil
		}
		return len(text), true, nil
	case strings.HasPrefix(text, "/*"):
		n, err := comment(text, dialect)
		return n, !strings.HasPrefix(text, "/*!"), err // which MySQL carries out
	case c == '\'' || c == '"' || c == '`' && dialect != sqldb.DialectPostgres:
		n, err := quoted(text, mysql && c != '`')
		return n, false, err
	case dialect == sqldb.DialectPostgres && (c == 'e' || c == 'E') && len(text) > 1 && text[1] == '\'':
		n, err := quoted(text[1:], true)
		return n + 1, false, err
	case dialect == sqldb.DialectPostgres && c == '$':
		n, err := dollars(text)
		return n, false, err
	}
	return word(text), false, nil
}

// word is the length of a name, or 1: a name may have a dollar sign or an E in it,
// which begins nothing there.
func word(text string) int {
	n := 0
	for n < len(text) && (letter(text[n]) || n > 0 && (text[n] == '$' || text[n] >= '0' && text[n] <= '9')) {
		n++
	}
	return max(n, 1)
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80 }

// comment may have others in it in PostgreSQL.
func comment(text string, dialect sqldb.Dialect) (int, error) {
	depth := 1
	for i := 2; i+1 < len(text); i++ {
		switch {
		case text[i] == '*' && text[i+1] == '/':
			if depth--; depth == 0 {
				return i + 2, nil
			}
			i++
		case dialect == sqldb.DialectPostgres && text[i] == '/' && text[i+1] == '*':
			depth++
			i++
		}
	}
	return 0, fmt.Errorf("a comment has no end")
}

// quoted ends at the quote that it began with; a doubled one is part of it.
func quoted(text string, backslash bool) (int, error) {
	for i := 1; i < len(text); i++ {
		switch {
		case backslash && text[i] == '\\':
			i++
		case text[i] == text[0] && i+1 < len(text) && text[i+1] == text[0]:
			i++
		case text[i] == text[0]:
			return i + 1, nil
		}
	}
	return 0, fmt.Errorf("a quote has no end")
}

// dollars is $tag$ ... $tag$, or only a dollar sign, as of a parameter.
func dollars(text string) (int, error) {
	n := 1
	for n < len(text) && (letter(text[n]) || n > 1 && text[n] >= '0' && text[n] <= '9') {
		n++
	}
	if n == len(text) || text[n] != '$' {
		return 1, nil
	}
	tag := text[:n+1]
	end := strings.Index(text[n+1:], tag)
	if end < 0 {
		return 0, fmt.Errorf("%s has no end", tag)
	}
	return n + 1 + end + len(tag), nil
}
