// Package iam has what the drivers of IAM-backed AWS services share: the
// configuration that a Lambda function finds in its environment, one set of
// rules for retries and time, and what the services' errors mean.
//
// Applications use the drivers below this package and nothing here.
package iam

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config is the configuration of a Lambda function for one service: the region
// and the credentials of its role, which Lambda puts into the environment. It
// does without the SDK's package config, which adds 2 MB and 2 ms to a function
// for sources that no function has.
//
// AWS_ENDPOINT_URL_<SERVICE> and AWS_ENDPOINT_URL name another endpoint, unless
// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true. service is the name in such a
// variable: "DYNAMODB". lookup reads the environment.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
// and https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func Config(service string, lookup func(string) (string, bool)) (aws.Config, error) {
	get := func(names ...string) string {
		for _, name := range names {
			if v, ok := lookup(name); ok && v != "" {
				return v
			}
		}
		return ""
	}
	cfg := aws.Config{Region: get("AWS_REGION", "AWS_DEFAULT_REGION")}
	if cfg.Region == "" {
		return cfg, fmt.Errorf("AWS_REGION is not set: this is no Lambda function; give the driver a configuration by its function With")
	}
	keys := credentials{aws.Credentials{
		AccessKeyID:     get("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: get("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    get("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}}
	if !keys.HasKeys() {
		return cfg, fmt.Errorf("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set: this is no Lambda function; give the driver a configuration by its function With")
	}
	cfg.Credentials = keys
	if !strings.EqualFold(get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") {
		if url := get("AWS_ENDPOINT_URL_"+service, "AWS_ENDPOINT_URL"); url != "" {
			cfg.BaseEndpoint = aws.String(url)
		}
	}
	return cfg, nil
}

// Domain is what names of AWS's services end in, in a region.
func Domain(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// credentials do not change while a sandbox lives.
type credentials struct{ aws.Credentials }

// Retrieve implements [aws.CredentialsProvider].
func (c credentials) Retrieve(context.Context) (aws.Credentials, error) {
	return c.Credentials, nil
}
