package iam_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

func TestParameterName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"limits":       "limits",
		"shop/limits":  "/shop/limits",
		"/shop/limits": "/shop/limits",
		"arn:aws:ssm:eu-west-1:111122223333:parameter/shop/limits": "arn:aws:ssm:eu-west-1:111122223333:parameter/shop/limits",
	} {
		if got := iam.ParameterName(name); got != want {
			t.Errorf("ParameterName(%q) = %q, want %q", name, got, want)
		}
	}
}
