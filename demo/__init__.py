"""The main job from end to end, on the example site: publish twice, serve, roll back."""
