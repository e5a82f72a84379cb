package cache

import (
	"slices"
	"strings"
)

// AccessString is what a user of the cluster is allowed: the commands that this
// package sends, for the keys of this store in the namespace of an App, or only for
// those that begin with one of prefixes, if none of these is "".
//
// See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html#Access-string
func (s Spec) AccessString(namespace string, prefixes ...string) string {
	store := " ~" + namespace + ":" + s.Logical + ":"
	keys := store + "*"
	if len(prefixes) > 0 && !slices.Contains(prefixes, "") {
		prefixes = slices.Compact(slices.Sorted(slices.Values(prefixes)))
		keys = ""
		for i, prefix := range prefixes {
			if i == 0 || !coveredBy(prefix, prefixes[:i]) {
				keys += store + "?:" + literal(prefix) + "*" // of each sort
			}
		}
	}
	return "on" + keys + " -@all" +
		" +get +mget +set +del +incrby +eval +ping +cluster" +
		" +exists +hmget +hset +hdel +pexpire +time"
}

func coveredBy(prefix string, others []string) bool {
	return slices.ContainsFunc(others, func(o string) bool { return strings.HasPrefix(prefix, o) })
}

// literal is the pattern that matches text, with any byte for those that mean
// something in a pattern or in the string around it.
func literal(text string) string {
	pattern := []byte(text)
	for i, b := range pattern {
		if letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'; !letter && !strings.ContainsRune("/:_-.", rune(b)) {
			pattern[i] = '?'
		}
	}
	return string(pattern)
}
