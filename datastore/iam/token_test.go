package iam_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// TestToken: a token is a signature that is right, as long as it says.
func TestToken(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	signer := iam.Signer{Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "a/b+c="}, nil
	})}
	token, err := signer.Token(t.Context(), iam.TokenRequest{
		Service: "rds-db", Host: "db.example:5432", Query: url.Values{"Action": {"connect"}, "DBUser": {"main writer"}}, Expires: 15 * time.Minute,
	}, at)
	if err != nil {
		t.Fatal(err)
	}
	address, query, ok := strings.Cut(token, "/?")
	if !ok || address != "db.example:5432" {
		t.Fatalf("Token = %q", token)
	}
	for _, tt := range []struct {
		query string
		now   time.Time
		want  bool
	}{
		{query, at.Add(14 * time.Minute), true},
		{query, at.Add(16 * time.Minute), false},
		{strings.Replace(query, "main", "else", 1), at, false},
	} {
		keys := sigv4.Static(sigv4.Credentials{AccessKey: "AKIDEXAMPLE", Secret: "secret", SessionToken: "a/b+c="})
		v := sigv4.NewVerifier("rds-db", "eu-central-1", keys, &sigv4.Options{Now: func() time.Time { return tt.now }})
		_, err := v.Verify(t.Context(), &sigv4.Request{Method: "GET", Host: address, Path: "/", Query: tt.query})
		if (err == nil) != tt.want {
			t.Errorf("Verify(%q) at %v = %v, want right: %v", tt.query, tt.now, err, tt.want)
		}
	}
	signer.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("none")
	})
	if _, err := signer.Token(t.Context(), iam.TokenRequest{Host: "h"}, at); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Token without credentials = %v, want ErrDenied", err)
	}
}
