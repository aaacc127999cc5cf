/**
 * The service config of the Go system, word for word: the same text is given to grpc-go and to
 * grpc-js.
 */
export const serviceConfig: string = JSON.stringify({
  loadBalancingConfig: [{ custom_weighted_round_robin: {} }],
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: '0.01s',
        maxBackoff: '0.1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
});
