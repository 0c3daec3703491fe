"""What people look at: self-contained pages without scripts, and figures drawn as SVG."""
